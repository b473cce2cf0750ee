#!/usr/bin/python3
"""Sends a camera or a video file to Butai, one JPEG per WebSocket message.

apt-get install python3-websockets python3-opencv
BUTAI_TOKEN=... ./send.py wss://example.org/ws?channel=main --source 0
"""
import argparse, asyncio, hashlib, os, random, ssl, sys, threading, time, urllib.parse
import cv2
import websockets


def tls(url, pin, ca):
    """Trust the system's authorities, or --ca, or the one certificate of --pin and nothing else."""
    if url.scheme != "wss":
        return None
    if not pin:
        return ssl.create_default_context(cafile=ca)
    pem = ssl.get_server_certificate((url.hostname, url.port or 443))
    seen = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    if seen != pin.replace(":", "").lower():
        sys.exit(f"the server's certificate is not the pinned one; its SHA-256 is {seen}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=pem)
    return context


def read_pictures(options, put):
    """In a thread of its own, so that a slow line never makes the camera wait."""
    camera = cv2.VideoCapture(int(options.source) if options.source.isdigit() else options.source)
    due = time.monotonic()
    while (read := camera.read())[0]:
        note = b"butai-capture-us=%d" % (time.time_ns() // 1000)  # tells viewers the latency
        jpeg = cv2.imencode(".jpg", read[1], [cv2.IMWRITE_JPEG_QUALITY, options.quality])[1].tobytes()
        at = 4 + int.from_bytes(jpeg[4:6], "big")  # behind APP0
        put(jpeg[:at] + b"\xff\xfe" + (len(note) + 2).to_bytes(2, "big") + note + jpeg[at:])
        due = max(due + 1 / options.fps, time.monotonic())
        time.sleep(due - time.monotonic() if due > time.monotonic() else 0)
    put(None)


async def show_errors(socket):
    async for message in socket:  # reading also keeps the connection alive
        if isinstance(message, str) and '"error"' in message:
            print("the server says:", message, file=sys.stderr)


async def send(options):
    newest, loop = asyncio.LifoQueue(), asyncio.get_running_loop()
    def put(jpeg):  # only the newest picture waits; the oldest are lost
        while not newest.empty():
            newest.get_nowait()
        newest.put_nowait(jpeg)
    read = lambda: read_pictures(options, lambda jpeg: loop.call_soon_threadsafe(put, jpeg))
    threading.Thread(target=read, daemon=True).start()
    headers = {"Authorization": f"Bearer {options.token}"} if options.token else {}
    wait, url = 0.25, urllib.parse.urlsplit(options.url)
    while True:
        code, why = 0, ""
        try:
            secure = await loop.run_in_executor(None, tls, url, options.pin, options.ca)
            async with websockets.connect(options.url, extra_headers=headers, ssl=secure) as socket:
                print("sending to", options.url, file=sys.stderr)
                wait, reader = 0.25, asyncio.create_task(show_errors(socket))
                while (jpeg := await newest.get()) is not None:
                    await socket.send(jpeg)
                return reader.cancel()
        except websockets.InvalidStatusCode as refusal:
            code, why = refusal.status_code, refusal
        except websockets.ConnectionClosed as closed:
            code, why = closed.code, closed
        except OSError as error:
            why = error
        if code in (400, 401, 403, 404, 409, 1009, 4400, 4401, 4403, 4404, 4409, 4410):
            sys.exit(f"{why}; look at the URL, at the token, and who else sends to this channel")
        print(f"{why}; trying again", file=sys.stderr)
        await asyncio.sleep(wait * random.uniform(1, 2))
        wait = min(wait * 2, 5)


args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
args.add_argument("url", help="wss://HOST/ws?channel=NAME")
args.add_argument("--source", default="0", help="camera number or video file")
args.add_argument("--token", default=os.environ.get("BUTAI_TOKEN"), help="else BUTAI_TOKEN")
args.add_argument("--fps", type=float, default=30.0)
args.add_argument("--quality", type=int, default=80, help="of the JPEG, 1 to 100")
args.add_argument("--pin", help="SHA-256 of the server's certificate, as `butai serve` prints it")
args.add_argument("--ca", help="PEM file with the authority to trust")
asyncio.run(send(args.parse_args()))
