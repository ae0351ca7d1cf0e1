package lastgang;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.types.CopyableValue;

/**
 * One record on its way into its bucket: columns of a canonical reading, or the bytes of anything else.
 *
 * <p>{@code payload} is null exactly where the record was canonical (see {@link CanonicalReading}).
 */
public final class Item implements CopyableValue<Item> {
    private static final long serialVersionUID = 1L;

    /** No sequence number; numbers on the wire are never negative. */
    public static final long NO_SEQUENCE = -1;

    public String key = "";
    public String channel = "";
    /** Null where the record names none. */
    public String gateway;
    public boolean isHistory;
    public long observedMs;
    public long receivedMs;
    public long sequence = NO_SEQUENCE;
    public double value;

    public byte[] payload;
    public String topic = "";
    public int partition;
    public long offset;

    /** Whether the record is dated ahead of the plant's clock; such a one is never canonical. */
    public boolean isAhead;

    /** Event time [ms] as far as it may move the watermark; 0 where the record has no usable date. */
    public long eventMs;

    @Override
    public void write(DataOutputView out) throws IOException {
        // Anybody may write a key of any length; writeUTF ends at 64 KiB.
        byte[] keyBytes = key.getBytes(StandardCharsets.UTF_8);
        out.writeInt(keyBytes.length);
        out.write(keyBytes);
        out.writeLong(eventMs);
        if (payload != null) {
            out.writeByte(isAhead ? 9 : 1);
            out.writeUTF(topic);
            out.writeInt(partition);
            out.writeLong(offset);
            out.writeInt(payload.length);
            out.write(payload);
            return;
        }
        out.writeByte((gateway != null ? 2 : 0) | (isHistory ? 4 : 0));
        out.writeUTF(channel);
        if (gateway != null) {
            out.writeUTF(gateway);
        }
        out.writeLong(observedMs);
        out.writeLong(receivedMs);
        out.writeLong(sequence);
        out.writeDouble(value);
    }

    @Override
    public void read(DataInputView in) throws IOException {
        byte[] keyBytes = new byte[in.readInt()];
        in.readFully(keyBytes);
        key = new String(keyBytes, StandardCharsets.UTF_8);
        eventMs = in.readLong();
        int flags = in.readByte();
        isAhead = (flags & 8) != 0;
        if ((flags & 1) != 0) {
            topic = in.readUTF();
            partition = in.readInt();
            offset = in.readLong();
            payload = new byte[in.readInt()];
            in.readFully(payload);
            return;
        }
        payload = null;
        channel = in.readUTF();
        gateway = (flags & 2) != 0 ? in.readUTF() : null;
        isHistory = (flags & 4) != 0;
        observedMs = in.readLong();
        receivedMs = in.readLong();
        sequence = in.readLong();
        value = in.readDouble();
    }

    @Override
    public int getBinaryLength() {
        return -1;
    }

    @Override
    public void copyTo(Item to) {
        to.key = key;
        to.channel = channel;
        to.gateway = gateway;
        to.isHistory = isHistory;
        to.observedMs = observedMs;
        to.receivedMs = receivedMs;
        to.sequence = sequence;
        to.value = value;
        to.payload = payload;
        to.topic = topic;
        to.partition = partition;
        to.offset = offset;
        to.isAhead = isAhead;
        to.eventMs = eventMs;
    }

    @Override
    public Item copy() {
        Item item = new Item();
        copyTo(item);
        return item;
    }

    @Override
    public void copy(DataInputView source, DataOutputView target) throws IOException {
        Item item = new Item();
        item.read(source);
        item.write(target);
    }
}
