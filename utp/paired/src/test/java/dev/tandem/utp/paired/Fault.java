package dev.tandem.utp.paired;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** What can happen to a link. Each strikes once, in the middle of a cell, and lasts unless it says otherwise. */
enum Fault {
    /** The connection is reset towards both sides; another can be opened. */
    TCP_RESET {
        @Override
        void strike(FaultCell cell) {
            cell.tcp.resetAll();
        }
    },
    /** Both sides are told FIN, and nothing of what they say passes; another connection can be opened. */
    TCP_FINISHED {
        @Override
        void strike(FaultCell cell) {
            cell.tcp.finishAll();
        }
    },
    /** The connection passes nothing any more; another can be opened. */
    TCP_SWALLOWED {
        @Override
        void strike(FaultCell cell) {
            cell.tcp.silenceAll();
        }
    },
    TCP_SWALLOWED_UP {
        @Override
        void strike(FaultCell cell) {
            cell.tcp.silenceAll(true, false);
        }
    },
    TCP_SWALLOWED_DOWN {
        @Override
        void strike(FaultCell cell) {
            cell.tcp.silenceAll(false, true);
        }
    },
    UDP_DROPPED {
        @Override
        void strike(FaultCell cell) {
            cell.udp.blocked = true;
        }
    },
    UDP_DROPPED_UP {
        @Override
        void strike(FaultCell cell) {
            cell.udp.filter = (up, datagram, onward) -> {
                if (!up) {
                    onward.send(datagram);
                }
            };
        }
    },
    UDP_DROPPED_DOWN {
        @Override
        void strike(FaultCell cell) {
            cell.udp.filter = (up, datagram, onward) -> {
                if (up) {
                    onward.send(datagram);
                }
            };
        }
    },
    /** The kernel answers that the port is unreachable. */
    UDP_REFUSED {
        @Override
        void strike(FaultCell cell) {
            cell.udp.refuse();
        }
    },
    /** What is above 1 KB/s in either direction is dropped. */
    UDP_THROTTLED {
        @Override
        void strike(FaultCell cell) {
            Policer up = new Policer();
            Policer down = new Policer();
            cell.udp.filter = (upwards, datagram, onward) -> {
                if ((upwards ? up : down).admits(datagram.remaining())) {
                    onward.send(datagram);
                }
            };
        }
    },
    /** Datagrams above what every path takes vanish, although larger ones passed before. */
    UDP_LARGE_DROPPED {
        @Override
        void strike(FaultCell cell) {
            cell.udp.filter = below(1250);
        }
    },
    /** As before, but what every path should take vanishes as well; what carries no data passes. */
    UDP_MOST_DROPPED {
        @Override
        void strike(FaultCell cell) {
            cell.udp.filter = below(500);
        }
    },
    /** One byte of every fourth datagram is another. */
    UDP_CORRUPTED {
        @Override
        void strike(FaultCell cell) {
            Random random = new Random(cell.seed);
            cell.udp.filter = (up, datagram, onward) -> {
                if (datagram.hasRemaining() && random.nextInt(4) == 0) {
                    spoil(datagram, random);
                }
                onward.send(datagram);
            };
        }
    },
    /** Nothing is lost, but before every fourth datagram come noise and a spoiled copy of it. */
    UDP_INJECTED {
        @Override
        void strike(FaultCell cell) {
            Random random = new Random(cell.seed);
            cell.udp.filter = (up, datagram, onward) -> {
                if (datagram.hasRemaining() && random.nextInt(4) == 0) {
                    byte[] noise = new byte[1 + random.nextInt(1200)];
                    random.nextBytes(noise);
                    onward.send(ByteBuffer.wrap(noise));
                    ByteBuffer copy = ByteBuffer.allocate(datagram.remaining());
                    copy.put(datagram.duplicate()).flip();
                    spoil(copy, random);
                    onward.send(copy);
                }
                onward.send(datagram);
            };
        }
    },
    /** The NAT gives UDP another port. */
    UDP_REBOUND {
        @Override
        void strike(FaultCell cell) {
            cell.udp.rebind(cell.tcp.source);
        }
    },
    /** Nothing passes for two seconds; what TCP had taken comes then, what was sent on UDP is lost. */
    BOTH_PAUSED {
        @Override
        void strike(FaultCell cell) {
            cell.udp.blocked = true;
            cell.tcp.pause();
            cell.later(OUTAGE_MILLIS, () -> {
                cell.udp.blocked = false;
                cell.tcp.unpause();
            });
        }
    },
    /** Nothing passes for two seconds, new connections are refused, and afterwards nobody knows the old ones. */
    BOTH_LOST {
        @Override
        void strike(FaultCell cell) {
            cell.udp.blocked = true;
            cell.tcp.refusing = true;
            cell.tcp.silenceAll();
            cell.later(OUTAGE_MILLIS, () -> {
                cell.udp.rebind(cell.tcp.source);
                cell.udp.blocked = false;
                cell.tcp.refusing = false;
            });
        }
    },
    /** The client has another address: nothing passes on what was open, and what is new comes from there. */
    BOTH_REBOUND {
        @Override
        void strike(FaultCell cell) {
            try {
                InetAddress other = InetAddress.getByName("127.0.0.3");
                cell.tcp.source = other;
                cell.tcp.silenceAll();
                cell.udp.rebind(other);
            } catch (UnknownHostException e) {
                throw new AssertionError("a literal address", e);
            }
        }
    },
    /** The server's process is gone, and another one, which knows nothing, is in its place. */
    SERVER_RESTARTED {
        @Override
        void strike(FaultCell cell) {
            cell.restart();
        }
    },
    /** The client's tor is gone. */
    CLIENT_APPLICATION_CLOSED {
        @Override
        void strike(FaultCell cell) {
            cell.resetClient();
        }
    },
    /** The ORPort is gone. */
    SERVER_APPLICATION_CLOSED {
        @Override
        void strike(FaultCell cell) {
            cell.resetServer();
        }
    };

    private static final int OUTAGE_MILLIS = 2000;

    abstract void strike(FaultCell cell);

    boolean isUdp() {
        return name().startsWith("UDP_");
    }

    boolean isTcp() {
        return name().startsWith("TCP_");
    }

    /** With which a session that may use nothing else crawls on, and need not end. */
    boolean leavesSomeUdp() {
        return this == UDP_THROTTLED || this == UDP_MOST_DROPPED;
    }

    boolean isBoth() {
        return name().startsWith("BOTH_");
    }

    private static UdpRelay.Filter below(int limit) {
        return (up, datagram, onward) -> {
            if (datagram.remaining() <= limit) {
                onward.send(datagram);
            }
        };
    }

    private static void spoil(ByteBuffer datagram, Random random) {
        int at = datagram.position() + random.nextInt(datagram.remaining());
        datagram.put(at, (byte) (datagram.get(at) ^ 1 + random.nextInt(255)));
    }

    /** A bucket of 1,500 bytes that is filled with 1,000 in a second. */
    private static final class Policer {
        private static final int DEPTH = 1500;
        private double tokens = DEPTH;
        private long lastNanos = System.nanoTime();

        boolean admits(int bytes) {
            long now = System.nanoTime();
            tokens = Math.min(DEPTH, tokens + (now - lastNanos) * 1000.0 / TimeUnit.SECONDS.toNanos(1));
            lastNanos = now;
            if (bytes > tokens) {
                return false;
            }
            tokens -= bytes;
            return true;
        }
    }
}
