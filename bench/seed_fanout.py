# The design document's server with what it leaves out added: what a publisher sends goes to every
# viewer. FastAPI, uvicorn, websockets, as Debian has them. The publisher's messages are collected for
# FLUSH_MS and sent as one; each viewer has a queue of two seconds, and a task that empties it.
#   seed_fanout.py PORT FLUSH_MS
import asyncio
import sys

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()
queues = set()
batch = []
flush_seconds = int(sys.argv[2]) / 1000


def flush():
    message = b"".join(batch)
    batch.clear()
    for queue in queues:
        if queue.full():
            queue.get_nowait()
        queue.put_nowait(message)


async def flush_at_intervals():
    while True:
        await asyncio.sleep(flush_seconds)
        if batch:
            flush()


@app.on_event("startup")
async def start():
    if flush_seconds > 0:
        app.state.flusher = asyncio.create_task(flush_at_intervals())


@app.websocket("/ws")
async def publish(socket: WebSocket):
    await socket.accept()
    try:
        while True:
            batch.append(await socket.receive_bytes())
            if flush_seconds == 0:
                flush()
    except WebSocketDisconnect:
        pass


@app.websocket("/live/main/ws")
async def view(socket: WebSocket):
    await socket.accept()
    queue = asyncio.Queue(maxsize=20)
    queues.add(queue)
    try:
        while True:
            await socket.send_bytes(await queue.get())
    except Exception:
        pass
    finally:
        queues.discard(queue)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error",
                ws_ping_interval=None, ws_per_message_deflate=False, backlog=4096)
