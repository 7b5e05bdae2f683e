import random
import socket
import threading
import unittest

from lab.path import Path


def udp_socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.settimeout(5)
    return made


class PathTest(unittest.TestCase):
    def setUp(self) -> None:
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.tcp.close)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(self.tcp.getsockname())
        self.udp.settimeout(5)
        self.addCleanup(self.udp.close)
        self.path = Path(("127.0.0.1", 0), self.tcp.getsockname())
        self.path.__enter__()
        self.addCleanup(self.path.__exit__)

    def test_tcp_passes_both_ways_and_closes_by_halves(self) -> None:
        sent = random.Random(1).randbytes(5_000_000)

        def echo() -> None:
            connection, _ = self.tcp.accept()
            with connection:
                received = bytearray()
                while block := connection.recv(65536):
                    received += block
                connection.sendall(received)  # only after the client's end of file

        server = threading.Thread(target=echo)
        server.start()
        with socket.create_connection(self.path.address, 5) as client:
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
            received = bytearray()
            while block := client.recv(65536):
                received += block
        server.join()
        self.assertEqual(sent, bytes(received))
        self.assertEqual(2 * len(sent), self.path.counters.tcp_bytes)

    def test_tcp_to_a_closed_port_is_closed(self) -> None:
        self.tcp.close()
        with socket.create_connection(self.path.address, 5) as client:
            try:
                self.assertEqual(b"", client.recv(1))
            except ConnectionResetError:
                pass

    def test_tcp_can_be_reset_towards_both_sides(self) -> None:
        with socket.create_connection(self.path.address, 5) as client:
            server, _ = self.tcp.accept()
            with server:
                client.sendall(b"x")
                self.assertEqual(b"x", server.recv(1))
                self.path.reset_tcp()
                for end in (client, server):
                    end.settimeout(5)
                    with self.assertRaises(ConnectionResetError):
                        end.recv(1)

    def test_what_is_lost_for_a_while_is_late_on_tcp_and_gone_on_udp(self) -> None:
        with socket.create_connection(self.path.address, 5) as client, udp_socket() as datagrams:
            server, _ = self.tcp.accept()
            with server:
                self.path.lose()
                datagrams.sendto(b"lost", self.path.address)
                client.sendall(b"late")
                server.settimeout(0.3)
                with self.assertRaises(TimeoutError):
                    server.recv(4)
                self.path.regain()
                server.settimeout(5)
                self.assertEqual(b"late", server.recv(4))
                datagrams.sendto(b"found", self.path.address)
                self.assertEqual(b"found", self.udp.recv(100))

    def test_each_client_has_a_udp_port_of_its_own(self) -> None:
        with udp_socket() as first, udp_socket() as second:
            seen = []
            for client, text in ((first, b"one"), (second, b"two"), (first, b"three")):
                client.sendto(text, self.path.address)
                data, source = self.udp.recvfrom(100)
                self.assertEqual(text, data)
                seen.append(source)
                self.udp.sendto(text.upper(), source)
                self.assertEqual((text.upper(), self.path.address), client.recvfrom(100))
            self.assertEqual(seen[0], seen[2])
            self.assertNotEqual(seen[0], seen[1])

    def test_udp_can_be_dropped_and_passed_again(self) -> None:
        with udp_socket() as client:
            self.path.drop_udp()
            client.sendto(b"lost", self.path.address)
            # TCP still passes, and takes long enough for the datagram to have been seen.
            with socket.create_connection(self.path.address, 5):
                self.tcp.accept()[0].close()
            self.path.pass_udp()
            client.sendto(b"found", self.path.address)
            self.assertEqual(b"found", self.udp.recv(100))
        self.assertEqual((1, 1), (self.path.counters.udp_dropped, self.path.counters.udp_datagrams))


if __name__ == "__main__":
    unittest.main()
