#!/usr/bin/python3
"""Sends a camera or a video file to Butai, one JPEG per WebSocket message.

apt-get install python3-websockets python3-opencv
BUTAI_TOKEN=... ./send.py "wss://example.org/ws?channel=main" --source 0
"""
import argparse, asyncio, contextlib, hashlib, os, random, ssl, sys, threading, time, urllib.parse
import cv2, websockets
FOR_GOOD = (400, 401, 403, 404, 409, 1009, 4400, 4401, 4403, 4404, 4409, 4410)  # HTTP, close codes


def tls(url, pin, ca):
    """Trusts the system's authorities, or --ca, or the one certificate of --pin and nothing else."""
    if url.scheme != "wss" or not pin:
        return ssl.create_default_context(cafile=ca) if url.scheme == "wss" else None
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
    """Runs in a thread of its own, so that a slow line never makes the camera wait."""
    camera = cv2.VideoCapture(int(options.source) if options.source.isdigit() else options.source)
    due = time.monotonic()
    while (read := camera.read())[0]:
        note = b"butai-capture-us=%d" % (time.time_ns() // 1000)  # tells viewers the latency
        jpeg = cv2.imencode(".jpg", read[1], [cv2.IMWRITE_JPEG_QUALITY, options.quality])[1].tobytes()
        at = 4 + int.from_bytes(jpeg[4:6], "big")  # behind APP0
        put(jpeg[:at] + b"\xff\xfe" + (len(note) + 2).to_bytes(2, "big") + note + jpeg[at:])
        due = max(due + 1 / options.fps, time.monotonic())
        time.sleep(max(0, due - time.monotonic()))
    put(None)


async def show_errors(socket):  # and reads the rest: unread messages would stall the connection
    with contextlib.suppress(websockets.ConnectionClosed):
        async for message in socket:
            if isinstance(message, str) and '"error"' in message:
                print("the server says:", message, file=sys.stderr)


async def send(options):
    url, loop, newest = urllib.parse.urlsplit(options.url), asyncio.get_running_loop(), asyncio.Queue()
    def put(jpeg):  # one picture waits, the newest: the oldest is what a slow line loses
        while jpeg and not newest.empty():
            newest.get_nowait()
        newest.put_nowait(jpeg)
    source = threading.Thread(daemon=True, target=read_pictures,
                              args=(options, lambda jpeg: loop.call_soon_threadsafe(put, jpeg)))
    headers, wait = {"Authorization": f"Bearer {options.token}"} if options.token else {}, 0.25
    while True:
        try:
            secure = tls(url, options.pin, options.ca)
            async with websockets.connect(options.url, extra_headers=headers, ssl=secure) as socket:
                wait, reader = 0.25, asyncio.create_task(show_errors(socket))
                source.ident or source.start()
                while (jpeg := await newest.get()) is not None:
                    await socket.send(jpeg)
                return reader.cancel()
        except (OSError, websockets.InvalidHandshake, websockets.ConnectionClosed) as why:
            code = getattr(why, "status_code", getattr(why, "code", 0))
            if code in FOR_GOOD or isinstance(why, (ssl.SSLCertVerificationError, FileNotFoundError)):
                sys.exit(f"{why}; look at the URL, the token, the pin, and who else sends there")
            print(f"{why}; trying again", file=sys.stderr)
        wait = await asyncio.sleep(wait * random.uniform(1, 2), result=min(wait * 2, 5))


args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
for name, default, text in (("url", None, "wss://HOST/ws?channel=NAME"), ("--source", "0", "camera number or file"),
                            ("--fps", 30.0, "pictures a second"), ("--quality", 80, "of the JPEG, 1 to 100"),
                            ("--token", os.environ.get("BUTAI_TOKEN"), "else BUTAI_TOKEN is used"),
                            ("--pin", None, "SHA-256 of the certificate"), ("--ca", None, "PEM file to trust")):
    args.add_argument(name, default=default, type=type(default or ""), help=text)
asyncio.run(send(args.parse_args()))
