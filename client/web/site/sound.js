// The microphone and the loudspeaker, in the window: Python's worker has neither (files.js asks).
"use strict";

(() => {
  // In the order of preference; what the server takes, and no more than 24 kbit/s: speech.
  const KINDS = ["audio/webm;codecs=opus", "audio/mp4;codecs=mp4a.40.2"];
  const BITS_PER_SECOND = 24_000;

  const channel = new BroadcastChannel("liandong-sound");
  let recording = null;
  let player = null;

  /** Begin to record; an older recording that nobody ended is thrown away. */
  async function start({ longestMs }) {
    await stop();
    const mimeType = KINDS.find((kind) => window.MediaRecorder?.isTypeSupported(kind));
    if (!mimeType) return false;
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch (error) {
      console.info(`No microphone: ${error.name}`);
      return false;
    }
    const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: BITS_PER_SECOND });
    const pieces = [];
    recorder.ondataavailable = ({ data }) => pieces.push(data);
    const ended = new Promise((resolve) => {
      recorder.onstop = () => {
        stream.getTracks().forEach((track) => track.stop());
        resolve(new Blob(pieces));
      };
    });
    const limit = setTimeout(() => recorder.state === "recording" && recorder.stop(), longestMs);
    recorder.start();
    recording = { recorder, ended, limit };
    return true;
  }

  /** End the recording; return its bytes, none when there was none. */
  async function stop() {
    const ending = recording;
    recording = null;
    if (!ending) return new Uint8Array();
    clearTimeout(ending.limit);
    if (ending.recorder.state !== "inactive") ending.recorder.stop();
    return new Uint8Array(await (await ending.ended).arrayBuffer());
  }

  async function play({ content, mime }) {
    if (player) {
      player.pause();
      URL.revokeObjectURL(player.src);
    }
    player = new Audio(URL.createObjectURL(new Blob([content], { type: mime })));
    await player.play();
    return true;
  }

  const works = { start, stop, play };

  channel.onmessage = async ({ data }) => {
    // Another window of the app hears this too: only the one in front may open the microphone,
    // and only the one that records can end that.
    const isMine = document.visibilityState === "visible" && document.hasFocus();
    if (data.kind !== "ask" || !(isMine || (data.what === "stop" && recording))) return;
    channel.postMessage({ kind: "heard", id: data.id });
    let result;
    try {
      result = await works[data.what](data);
    } catch (error) {
      console.info(`Sound: ${error.name}`);
    }
    channel.postMessage({ kind: "answer", id: data.id, result });
  };
})();
