// Messages on a pipe between the engine and the program's process: two lengths, a JSON header and bytes.
"use strict";

const sizesLength = 8;

exports.writeFrame = (stream, header, body) => {
  const head = Buffer.from(JSON.stringify(header));
  const sizes = Buffer.allocUnsafe(sizesLength);
  sizes.writeUInt32BE(head.length, 0);
  sizes.writeUInt32BE(body.length, 4);
  stream.write(Buffer.concat([sizes, head, body]));
};

exports.readFrames = (stream, take) => {
  let kept = [];
  let length = 0;
  let wanted = sizesLength;
  stream.on("data", (chunk) => {
    kept.push(chunk);
    length += chunk.length;
    // A large message comes in many chunks, which are joined once.
    if (length < wanted) return;
    const bytes = Buffer.concat(kept);
    let at = 0;
    for (wanted = sizesLength; length - at >= wanted; wanted = sizesLength) {
      const headEnd = at + sizesLength + bytes.readUInt32BE(at);
      const end = headEnd + bytes.readUInt32BE(at + 4);
      wanted = end - at;
      if (length < end) break;
      take(JSON.parse(bytes.toString("utf8", at + sizesLength, headEnd)), bytes.subarray(headEnd, end));
      at = end;
    }
    kept = [bytes.subarray(at)];
    length -= at;
  });
};
