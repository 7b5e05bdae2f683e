package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class AcceptWatchTest {
    @Test
    void tellsOnceInAMinute() {
        List<Long> told = new ArrayList<>();
        EmbeddedChannel channel = new EmbeddedChannel(new AcceptWatch(told::add));
        channel.freezeTime();
        for (int seconds = 0; seconds < 100; seconds++) {
            channel.pipeline().fireExceptionCaught(new IOException("Too many open files"));
            channel.advanceTimeBy(1, TimeUnit.SECONDS);
        }
        assertEquals(List.of(1L, 60L), told);
    }
}
