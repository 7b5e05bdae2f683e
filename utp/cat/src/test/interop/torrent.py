"""libtorrent at one end of a transfer over µTP: a torrent of known content, as its seed or as who downloads it.

    torrent.py {seed|download} BYTES FOLDER [--dial PORT] [--resends N]

The content lies or will lie in FOLDER. With --dial it dials 127.0.0.1:PORT. --resends is how often it sends a packet
again before it gives the connection up (3 if not given, quick retransmissions included). Everything but µTP is switched
off: TCP, encryption, DHT, local discovery, port mapping, trackers.

Prints lines of JSON: {"event": "ready", "port": ..., "infoHash": ...} once it listens, {"event": "finished"} when it has
everything (libtorrent has checked the hashes), {"event": "disconnected", "error": ...} when the peer is gone. Alerts go
to standard error. Ends when its standard input does.
"""

import argparse
import hashlib
import json
import os
import sys
import threading

import libtorrent as lt

CHUNK = 1000  # as in Content.java
PIECE = 256 * 1024
NAME = "content"


def content(size: int) -> bytes:
    """The same as Content.java makes."""
    parts = []
    for start in range(0, size, CHUNK):
        unit = hashlib.sha256(b"chunk %d" % (start // CHUNK)).digest()
        length = min(CHUNK, size - start)
        parts.append((unit * (length // len(unit) + 1))[:length])
    return b"".join(parts)


def metadata(data: bytes) -> lt.torrent_info:
    pieces = b"".join(hashlib.sha1(data[at : at + PIECE]).digest() for at in range(0, len(data), PIECE))
    info = {b"length": len(data), b"name": NAME.encode(), b"piece length": PIECE, b"pieces": pieces}
    return lt.torrent_info(lt.bdecode(lt.bencode({b"info": info})))


def tell(event: str, **more) -> None:
    print(json.dumps({"event": event, **more}), flush=True)


def session(resends: int) -> lt.session:
    return lt.session(
        {
            "utp_num_resends": resends,
            "listen_interfaces": "127.0.0.1:0",
            "enable_incoming_tcp": False,
            "enable_outgoing_tcp": False,
            "enable_incoming_utp": True,
            "enable_outgoing_utp": True,
            "in_enc_policy": int(lt.enc_policy.disabled),
            "out_enc_policy": int(lt.enc_policy.disabled),
            "enable_dht": False,
            "enable_lsd": False,
            "enable_upnp": False,
            "enable_natpmp": False,
            "allow_multiple_connections_per_ip": True,
            "close_redundant_connections": False,
            "alert_mask": lt.alert.category_t.error_notification
            | lt.alert.category_t.status_notification
            | lt.alert.category_t.connect_notification
            | lt.alert.category_t.peer_notification,
        }
    )


def watch(ses: lt.session, start, checked, over: threading.Event) -> None:
    """Turns alerts into lines until it is over."""
    while not over.is_set():
        ses.wait_for_alert(100)
        for alert in ses.pop_alerts():
            print(type(alert).__name__, alert.message(), file=sys.stderr, flush=True)
            if isinstance(alert, lt.listen_succeeded_alert) and "[uTP]" in alert.message():
                start(alert.port)
            elif isinstance(alert, lt.torrent_checked_alert):
                checked(alert.handle)
            elif isinstance(alert, lt.torrent_finished_alert):
                tell("finished")
            elif isinstance(alert, lt.peer_disconnected_alert):
                tell("disconnected", error=alert.error.message())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=["seed", "download"])
    parser.add_argument("bytes", type=int)
    parser.add_argument("folder")
    parser.add_argument("--dial", type=int)
    parser.add_argument("--resends", type=int, default=3)
    options = parser.parse_args()
    role, folder = options.role, options.folder
    data = content(options.bytes)
    info = metadata(data)
    if role == "seed":
        with open(os.path.join(folder, NAME), "wb") as file:
            file.write(data)
    ses = session(options.resends)

    port = 0

    def start(listening: int) -> None:
        nonlocal port
        port = listening
        params = lt.add_torrent_params()
        params.ti = info
        params.save_path = folder
        params.flags = lt.torrent_flags.seed_mode if role == "seed" else lt.torrent_flags.update_subscribe
        ses.add_torrent(params)

    # Before it has checked the file, or that there is none, it turns peers away.
    def checked(handle: lt.torrent_handle) -> None:
        tell("ready", port=port, infoHash=str(info.info_hash()))
        if options.dial is not None:
            handle.connect_peer(("127.0.0.1", options.dial))

    over = threading.Event()

    def wait() -> None:
        sys.stdin.buffer.read()
        over.set()

    threading.Thread(target=wait, daemon=True).start()
    watch(ses, start, checked, over)


if __name__ == "__main__":
    main()
