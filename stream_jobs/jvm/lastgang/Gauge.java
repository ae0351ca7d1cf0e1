package lastgang;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.TreeMap;

/** Readings of one channel within one minute; the order in which they come changes nothing but which of two doubled ones counts: the first. */
final class Gauge {
    /** What comes beyond these in one minute is passed over: nothing is sampled faster than twenty times a second. */
    private static final int MOST = 1_200;

    /** Instant [ms] to value: NaN where a good reading has no number; bad ones are in {@code bad}. */
    private final TreeMap<Long, Double> good = new TreeMap<>();
    private final TreeMap<Long, String> texts = new TreeMap<>();
    private final TreeMap<Long, Boolean> bad = new TreeMap<>();

    void add(LooseReading reading) {
        if (good.containsKey(reading.observedMs) || bad.containsKey(reading.observedMs) || count() >= MOST) {
            return;
        }
        if (!reading.isGood()) {
            bad.put(reading.observedMs, true);
            return;
        }
        good.put(reading.observedMs, reading.number());
        if (!reading.text.isEmpty()) {
            texts.put(reading.observedMs, reading.text);
        }
    }

    int count() {
        return good.size() + bad.size();
    }

    double goodShare() {
        return (double) good.size() / count();
    }

    /** Mean, smallest, largest, standard deviation and newest number; null where there is none. */
    double[] numbers() {
        int count = 0;
        double mean = 0;
        double squares = 0;
        double least = Double.POSITIVE_INFINITY;
        double most = Double.NEGATIVE_INFINITY;
        double last = Double.NaN;
        for (double value : good.values()) {
            if (Double.isNaN(value)) {
                continue;
            }
            count++;
            double off = value - mean;
            mean += off / count;
            squares += off * (value - mean);
            least = Math.min(least, value);
            most = Math.max(most, value);
            last = value;
        }
        return count == 0 ? null : new double[] {mean, least, most, Math.sqrt(squares / count), last};
    }

    /** Text of the newest reading that had one; null where none had. */
    String text() {
        return texts.isEmpty() ? null : texts.lastEntry().getValue();
    }

    int changes() {
        int changes = 0;
        Long before = null;
        for (long at : good.keySet()) {
            if (before != null
                    && (Double.compare(good.get(at), good.get(before)) != 0 || !texts.getOrDefault(at, "").equals(texts.getOrDefault(before, "")))) {
                changes++;
            }
            before = at;
        }
        return changes;
    }

    void write(DataOutput out) throws IOException {
        out.writeInt(good.size());
        for (var one : good.entrySet()) {
            out.writeLong(one.getKey());
            out.writeDouble(one.getValue());
            byte[] text = texts.getOrDefault(one.getKey(), "").getBytes(java.nio.charset.StandardCharsets.UTF_8);
            out.writeInt(text.length);
            out.write(text);
        }
        out.writeInt(bad.size());
        for (long at : bad.keySet()) {
            out.writeLong(at);
        }
    }

    static Gauge read(DataInput in) throws IOException {
        Gauge gauge = new Gauge();
        for (int left = in.readInt(); left > 0; left--) {
            long at = in.readLong();
            gauge.good.put(at, in.readDouble());
            byte[] text = new byte[in.readInt()];
            in.readFully(text);
            if (text.length > 0) {
                gauge.texts.put(at, new String(text, java.nio.charset.StandardCharsets.UTF_8));
            }
        }
        for (int left = in.readInt(); left > 0; left--) {
            gauge.bad.put(in.readLong(), true);
        }
        return gauge;
    }
}
