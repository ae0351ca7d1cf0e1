package lastgang;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.types.CopyableValue;
import org.apache.flink.types.Row;

/** The records of one key that arrived for one bucket: canonical ones as columns by channel, others as they came. */
public final class Bucket implements CopyableValue<Bucket> {
    private static final long serialVersionUID = 1L;

    private final List<Run> runs = new ArrayList<>(2);
    private final List<Item> others = new ArrayList<>(0);

    /** Columns of one register in order of arrival. */
    private static final class Run {
        final String channel;
        final String gateway;
        final boolean isHistory;
        int count;
        long[] observedMs;
        long[] receivedMs;
        long[] sequences;
        double[] values;

        Run(String channel, String gateway, boolean isHistory, int capacity) {
            this.channel = channel;
            this.gateway = gateway;
            this.isHistory = isHistory;
            observedMs = new long[capacity];
            receivedMs = new long[capacity];
            sequences = new long[capacity];
            values = new double[capacity];
        }

        boolean isOf(Item item) {
            return isHistory == item.isHistory && channel.equals(item.channel) && Objects.equals(gateway, item.gateway);
        }

        void add(long observed, long received, long sequence, double value) {
            if (count == observedMs.length) {
                int capacity = 2 * count;
                observedMs = Arrays.copyOf(observedMs, capacity);
                receivedMs = Arrays.copyOf(receivedMs, capacity);
                sequences = Arrays.copyOf(sequences, capacity);
                values = Arrays.copyOf(values, capacity);
            }
            observedMs[count] = observed;
            receivedMs[count] = received;
            sequences[count] = sequence;
            values[count] = value;
            count++;
        }
    }

    /** Take one record. */
    public void add(Item item) {
        if (item.payload != null) {
            others.add(item.copy());
            return;
        }
        for (Run run : runs) {
            if (run.isOf(item)) {
                run.add(item.observedMs, item.receivedMs, item.sequence, item.value);
                return;
            }
        }
        Run run = new Run(item.channel, item.gateway, item.isHistory, 8);
        run.add(item.observedMs, item.receivedMs, item.sequence, item.value);
        runs.add(run);
    }

    /** The row that leaves the JVM: PyFlink's key beside the value. */
    Row toRow(String key) {
        return Row.of(key, Row.of(key, toBytes()));
    }

    /** The bucket as Python reads it ({@code stream_jobs/buckets.py}): little-endian, each run's columns one after the other. */
    public byte[] toBytes() {
        int size = 8;
        byte[][] names = new byte[2 * runs.size()][];
        for (int n = 0; n < runs.size(); n++) {
            Run run = runs.get(n);
            names[2 * n] = run.channel.getBytes(StandardCharsets.UTF_8);
            names[2 * n + 1] = run.gateway == null ? new byte[0] : run.gateway.getBytes(StandardCharsets.UTF_8);
            size += 7 + names[2 * n].length + names[2 * n + 1].length + 32 * run.count;
        }
        for (Item other : others) {
            size += 17 + other.topic.length() + other.payload.length;
        }
        ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(runs.size());
        for (int n = 0; n < runs.size(); n++) {
            Run run = runs.get(n);
            out.put((byte) names[2 * n].length).put(names[2 * n]);
            out.put((byte) names[2 * n + 1].length).put(names[2 * n + 1]);
            out.put((byte) (run.isHistory ? 1 : 0));
            out.putInt(run.count);
            int at = out.position();
            out.asLongBuffer().put(run.observedMs, 0, run.count).put(run.receivedMs, 0, run.count).put(run.sequences, 0, run.count);
            out.position(at + 24 * run.count);
            out.asDoubleBuffer().put(run.values, 0, run.count);
            out.position(at + 32 * run.count);
        }
        out.putInt(others.size());
        for (Item other : others) {
            // A topic's name is shorter than 128: the bit above its length tells what is dated ahead of the plant's clock.
            int ahead = other.isAhead ? 0x80 : 0;
            out.put((byte) (other.topic.length() | ahead)).put(other.topic.getBytes(StandardCharsets.US_ASCII));
            out.putInt(other.partition).putLong(other.offset).putInt(other.payload.length).put(other.payload);
        }
        return out.array();
    }

    @Override
    public void write(DataOutputView out) throws IOException {
        out.writeInt(runs.size());
        for (Run run : runs) {
            out.writeUTF(run.channel);
            out.writeByte((run.gateway != null ? 2 : 0) | (run.isHistory ? 4 : 0));
            if (run.gateway != null) {
                out.writeUTF(run.gateway);
            }
            out.writeInt(run.count);
            for (int k = 0; k < run.count; k++) {
                out.writeLong(run.observedMs[k]);
                out.writeLong(run.receivedMs[k]);
                out.writeLong(run.sequences[k]);
                out.writeDouble(run.values[k]);
            }
        }
        out.writeInt(others.size());
        for (Item other : others) {
            other.write(out);
        }
    }

    @Override
    public void read(DataInputView in) throws IOException {
        runs.clear();
        others.clear();
        int runCount = in.readInt();
        for (int n = 0; n < runCount; n++) {
            String channel = in.readUTF();
            int flags = in.readByte();
            String gateway = (flags & 2) != 0 ? in.readUTF() : null;
            int count = in.readInt();
            Run run = new Run(channel, gateway, (flags & 4) != 0, Math.max(count, 8));
            for (int k = 0; k < count; k++) {
                run.add(in.readLong(), in.readLong(), in.readLong(), in.readDouble());
            }
            runs.add(run);
        }
        int otherCount = in.readInt();
        for (int n = 0; n < otherCount; n++) {
            Item other = new Item();
            other.read(in);
            others.add(other);
        }
    }

    @Override
    public int getBinaryLength() {
        return -1;
    }

    @Override
    public void copyTo(Bucket to) {
        to.runs.clear();
        to.others.clear();
        for (Run run : runs) {
            Run copy = new Run(run.channel, run.gateway, run.isHistory, run.observedMs.length);
            copy.count = run.count;
            copy.observedMs = run.observedMs.clone();
            copy.receivedMs = run.receivedMs.clone();
            copy.sequences = run.sequences.clone();
            copy.values = run.values.clone();
            to.runs.add(copy);
        }
        to.others.addAll(others);
    }

    @Override
    public Bucket copy() {
        Bucket bucket = new Bucket();
        copyTo(bucket);
        return bucket;
    }

    @Override
    public void copy(DataInputView source, DataOutputView target) throws IOException {
        Bucket bucket = new Bucket();
        bucket.read(source);
        bucket.write(target);
    }
}
