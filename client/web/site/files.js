// What files of attachments ask of the browser, inside Python's worker: photos made smaller.
// Sound is the window's: a worker has no microphone (sound.js).

const PHOTO_QUALITY = 0.8;
const WINDOW_ANSWERS_MS = 2000;

/**
 * Return the photo as JPEG, upright, with no side longer than *sideMax*; undefined when it is none.
 * Drawn anew, it no longer says where and when it was taken.
 */
export async function scaledPhoto(content, sideMax) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(new Blob([content]), { imageOrientation: "from-image" });
  } catch {
    return undefined;
  }
  const scale = Math.min(1, sideMax / Math.max(bitmap.width, bitmap.height));
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(bitmap.width * scale)),
    Math.max(1, Math.round(bitmap.height * scale)),
  );
  const drawing = canvas.getContext("2d");
  drawing.imageSmoothingQuality = "high";
  drawing.fillStyle = "#ffffff"; // What is transparent would come out black.
  drawing.fillRect(0, 0, canvas.width, canvas.height);
  drawing.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const drawn = await canvas.convertToBlob({ type: "image/jpeg", quality: PHOTO_QUALITY });
  return new Uint8Array(await drawn.arrayBuffer());
}

// ------------------------------------------------------------------------------------- sound

let channel;
let lastAsked = 0;
const asked = new Map();

/** Ask the window in front to do *what*; undefined when none is there, or it can't. */
function askWindow(what, members = {}) {
  if (!channel) {
    channel = new BroadcastChannel("liandong-sound");
    channel.onmessage = ({ data }) => {
      const waiting = asked.get(data.id);
      if (!waiting) return;
      clearTimeout(waiting.timer);
      if (data.kind !== "answer") return; // It has heard, and asks the person first.
      asked.delete(data.id);
      waiting.resolve(data.result);
    };
  }
  lastAsked += 1;
  const id = `${performance.timeOrigin}-${lastAsked}`;
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      asked.delete(id);
      resolve(undefined);
    }, WINDOW_ANSWERS_MS);
    asked.set(id, { resolve, timer });
    channel.postMessage({ kind: "ask", id, what, ...members });
  });
}

/** Begin to record; tell whether the microphone may be used. */
export async function soundStart(longestMs) {
  return (await askWindow("start", { longestMs })) === true;
}

/** End the recording; return its bytes, none when there was none. */
export async function soundStop() {
  return (await askWindow("stop")) ?? new Uint8Array();
}

export async function soundPlay(content, mime) {
  await askWindow("play", { content, mime });
}
