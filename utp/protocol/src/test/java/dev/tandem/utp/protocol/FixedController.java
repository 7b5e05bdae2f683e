package dev.tandem.utp.protocol;

import dev.tandem.utp.protocol.congestion.CongestionController;

/** A window that nothing changes, for tests of everything else. */
class FixedController implements CongestionController {
    private final long windowBytes;

    FixedController(long windowBytes) {
        this.windowBytes = windowBytes;
    }

    @Override
    public void onAcknowledgement(Acknowledgement acknowledgement) {}

    @Override
    public void onLossEpisode(long nowNanos) {}

    @Override
    public void onTimeout(long nowNanos) {}

    @Override
    public long windowBytes() {
        return windowBytes;
    }
}
