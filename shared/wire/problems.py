"""The catalogue of problems (RFC 9457): slugs are API and never renamed.

Titles are for developers; what users read stands in `client.strings`, by slug.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.canonical import Json

__all__ = ["PROBLEMS", "Problem", "problem"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem: its slug, HTTP status, and title in English."""

    slug: str
    status: int
    title: str


PROBLEMS: dict[str, Problem] = {
    entry.slug: entry
    for entry in (
        # Transport and identity.
        Problem("malformed-json", 400, "The body is no JSON of this protocol"),
        Problem("invalid-body", 422, "The body does not fit the schema"),
        Problem("unsupported-media-type", 415, "Only application/json is taken"),
        Problem("body-too-large", 413, "The body is larger than this server takes"),
        Problem("not-found", 404, "There is nothing at this address"),
        Problem("method-not-allowed", 405, "This address does not take that method"),
        Problem("unauthenticated", 401, "The device or its signature is not known"),
        Problem("device-revoked", 403, "This device was revoked"),
        Problem("staff-inactive", 403, "This person no longer works here"),
        Problem("forked", 409, "Another copy of this installation has synced"),
        Problem("sequence-gap", 409, "Operations are missing before these"),
        Problem("busy", 503, "The server is busy; try again later"),
        Problem("internal-error", 500, "The server failed; nothing was changed"),
        # Enrolment.
        Problem("enrolment-code-wrong", 403, "No such enrolment code"),
        Problem("enrolment-code-expired", 403, "The enrolment code has expired"),
        Problem("enrolment-code-spent", 403, "The enrolment code was used or tried too often"),
        Problem("too-many-tries", 429, "Too many wrong codes came from there"),
        # Results of operations.
        Problem("unknown-mutation", 422, "This server does not know that operation"),
        Problem("invalid-argument", 422, "An argument is missing or out of its limits"),
        Problem("illegal-transition", 409, "The object's state does not allow that"),
        Problem("forbidden-action", 403, "These posts may not do that"),
        Problem("out-of-scope", 403, "The object is not this person's to act on"),
        Problem("missing-object", 404, "The object does not exist, or not for this person"),
        Problem("stale-object", 409, "The object has changed since its author saw it"),
        Problem("consent-missing", 422, "The customer's consent is missing"),
        Problem("reason-missing", 422, "A reason is missing"),
        Problem("already-acted-on", 409, "Somebody has acted on it; its author can't take it back"),
        Problem("dates-reversed", 422, "The days end before they begin"),
        Problem("day-past", 422, "The day was past when it was planned"),
        Problem("day-too-far", 422, "The day is further away than anybody plans"),
        Problem("sale-long-past", 422, "The sale is too long past to be reported"),
        Problem("payout-before-sale", 422, "The cash can't come before the sale begins"),
        Problem("sale-known", 409, "The author has reported this sale already"),
        Problem("sale-not-near", 409, "The sale is too far ahead to have been seen"),
        Problem("nothing-shifted", 422, "The sale has these days already"),
        Problem("hearsay-confirms-nothing", 422, "Hearsay does not confirm a sale"),
        Problem("own-word-confirms-nothing", 422, "One's own report needs a better source"),
        Problem("referral-missing", 422, "This post opens care cards for referrals only"),
        Problem("customer-opted-out", 403, "The customer wants no more contact"),
        Problem("customer-erased", 410, "The customer was erased"),
        Problem("success-unverified", 409, "A success of the customer waits for its verification"),
        Problem("erasures-not-kept", 409, "The server has no place for the list of erasures"),
        Problem("visit-not-today", 409, "The visit is planned for a later day"),
        Problem("village-without-manager", 409, "No wealth manager covers that village that day"),
        Problem("colleague-unavailable", 422, "That colleague can't take it on"),
        Problem("round-covered", 409, "Somebody covers that round on these days already"),
        Problem("voucher-used", 409, "The voucher number was used for another referral"),
        Problem("own-points", 403, "Nobody approves what they profit from"),
        Problem("not-verified", 409, "The branch head has not seen the voucher yet"),
        Problem("award-stands", 409, "The award was paid before and was not taken back"),
        Problem("own-referral", 403, "Nobody is routed their own referral"),
        Problem("not-assigned-to-you", 403, "The referral is routed to somebody else"),
        # Attachments.
        Problem("too-many-attachments", 409, "The object has as many attachments as it may"),
        Problem("blob-missing", 409, "The bytes of the file have not arrived whole"),
        Problem("blob-offset", 409, "The piece does not begin where the bytes so far end"),
        Problem("blob-damaged", 422, "The bytes are not those of the digest"),
        Problem("blob-type-refused", 415, "Only photos and voice notes are taken"),
        Problem("blob-too-large", 413, "The file is larger than this server takes"),
        Problem("blob-quota-reached", 429, "The device has sent as much as it may today"),
        # Bundles.
        Problem("bundle-unreadable", 422, "The file is damaged, or was never a bundle"),
        Problem("bundle-too-new", 422, "A newer app has made the bundle"),
        Problem("bundle-too-large", 413, "The bundle is larger than this server takes"),
        Problem("bundle-foreign", 409, "The bundle was sealed for another server"),
        Problem("bundle-origin-unknown", 409, "This server does not know the bundle's device"),
        Problem("bundle-quota-reached", 429, "The device has brought as many bundles as it may"),
    )
}


def problem(slug: str, **members: Json) -> dict[str, Json]:
    """Return the problem document of *slug* with extension members."""
    entry = PROBLEMS[slug]
    return {
        "type": f"/problems/{entry.slug}",
        "status": entry.status,
        "title": entry.title,
        **members,
    }
