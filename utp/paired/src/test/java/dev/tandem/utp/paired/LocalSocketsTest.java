package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LocalSocketsTest {
    private final List<String> set = new ArrayList<>();

    /** Notes what is set. */
    private final class Recorded extends EmbeddedChannel {
        private @Nullable ChannelConfig recorder;

        @Override
        public ChannelConfig config() {
            return recorder == null ? super.config() : recorder;
        }

        void record() {
            recorder = new DefaultChannelConfig(this) {
                @Override
                public <T> boolean setOption(ChannelOption<T> option, T value) {
                    set.add(option.name());
                    return true;
                }
            };
        }
    }

    /** A session that is flushed may close its connection, in the middle of a turn of reading. */
    @Test
    void aConnectionThatIsClosedIsLeftAlone() {
        Recorded channel = new Recorded();
        channel.record();
        InputWindow window = new InputWindow();
        LocalSockets.setWindow(channel, window);
        LocalSockets.renewWindow(channel, window);
        assertEquals(3, set.size(), set.toString());
        channel.close();
        LocalSockets.setWindow(channel, window);
        LocalSockets.renewWindow(channel, window);
        assertEquals(3, set.size(), set.toString());
    }

    @Test
    void aConnectionThatOthersMadeHasNoWindow() {
        assertNull(LocalSockets.window(new EmbeddedChannel()));
    }
}
