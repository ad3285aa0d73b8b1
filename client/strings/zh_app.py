"""Chinese texts of the app itself: its room on the phone, its installation, its releases."""

from __future__ import annotations

STRINGS: dict[str, str] = {
    "storage.full": "手机存满了，新的记录存不下。",
    "storage.full_detail": "已经存下的都在。请删一些照片、视频或不用的应用，再回来点保存。",
    "storage.low": "手机快存满了，联动只剩 {left} 可用。",
    "storage.low_detail": "请删一些照片、视频或不用的应用；有网络时先同步一次。",
    "storage.title": "手机空间",
    "storage.used": "已用",
    "storage.left": "还可用",
    "storage.mb": "{n} MB",
    "storage.gb": "{n} GB",
    "storage.kept": "浏览器已答应长期保留：手机空间紧张时，也不会自动清掉联动的记录。",
    "storage.not_promised": (
        "浏览器没有答应长期保留：手机空间紧张时，可能清掉没上传的记录。"
        "请常同步；把联动装到桌面、常用它，浏览器就会答应。"
    ),
    "storage.kept_seven_days": (
        "苹果手机的浏览器连续 7 天没打开联动，就会清掉它的数据，没上传的也会没有。"
        "加到主屏幕就不会。"
    ),
    "install.why": "装到桌面，像别的应用一样点图标就打开，记录也更不容易被清掉。",
    "install.go": "装到桌面",
    "install.done": "已装到桌面。",
    "install.by_hand": "加到主屏幕",
    "install.by_hand_how": "点浏览器的“分享”按钮（方框加向上箭头），选“添加到主屏幕”，再点“添加”。",
    "about.title": "关于联动",
    "about.version": "版本",
    "about.on_this_phone": "在这台手机上",
    "about.updated": "联动已更新到 {version}",
    "about.understood": "知道了",
    "about.all_news": "看全部",
    "about.release": "{version} 版有什么",
    "refused.title": "浏览器不让联动存东西",
    "refused.explanation": (
        "可能用了无痕模式，或者关掉了“Cookie 和网站数据”。"
        "请用普通窗口打开，并在浏览器设置里允许这个网站保存数据。"
    ),
    "full.title": "手机存满了",
    "full.explanation": "请删一些照片、视频或不用的应用，再打开联动。已经存下的记录都在。",
    # What each release brought, for the people who use it: three lines at most.
    "release.0.1.0": (
        "没有网络也能记线索、出售日和关怀卡，有信号自动上传。\n"
        "每一分积分都能看到来龙去脉。\n"
        "照片和语音跟在记录后面上传。"
    ),
}
