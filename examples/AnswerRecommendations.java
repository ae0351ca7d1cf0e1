import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Reads recommendations, prints them, accepts what {@link #isAccepted} accepts. Needs kafka-clients and jackson-databind.
 *
 * <p>Arguments: broker, namespace (what stands before the names of the topics; usually empty).
 */
public final class AnswerRecommendations {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] arguments) throws Exception {
        String broker = arguments.length > 0 ? arguments[0] : "127.0.0.1:9092";
        String namespace = arguments.length > 1 ? arguments[1] : "";
        Map<String, Object> reading = Map.of(
                "bootstrap.servers", broker,
                "group.id", "my-java-controller",
                "auto.offset.reset", "earliest",
                "enable.auto.commit", "false",
                "session.timeout.ms", "10000", // how long a reader that was killed keeps its place
                "isolation.level", "read_committed");
        Map<String, Object> writing = Map.of("bootstrap.servers", broker, "acks", "all");
        try (var reader = new KafkaConsumer<>(reading, new StringDeserializer(), new StringDeserializer());
                var writer = new KafkaProducer<>(writing, new StringSerializer(), new StringSerializer())) {
            reader.subscribe(List.of(namespace + "energy.recommendations.v1"));
            while (true) {
                for (ConsumerRecord<String, String> message : reader.poll(Duration.ofSeconds(1))) {
                    JsonNode advice;
                    try {
                        advice = JSON.readTree(message.value());
                    } catch (JsonProcessingException noJson) {
                        continue; // nothing to answer
                    }
                    System.out.printf("%s %s %s: %s kW, %s EUR%n", advice.get("recommendation").asText(), advice.get("status").asText(),
                            advice.get("action").asText(), advice.get("reduction_kw"), advice.get("saving_eur"));
                    Instant now = Instant.now();
                    if (isOpen(advice, now) && isAccepted(advice)) {
                        // The recommendation's own key: all decisions on it are in one partition, and the first counts.
                        writer.send(new ProducerRecord<>(namespace + "energy.decisions.v1", message.key(), decision(advice, now))).get();
                    }
                }
                reader.commitSync(); // after the answers are kept: what was not answered is read again
            }
        }
    }

    private static boolean isOpen(JsonNode advice, Instant now) {
        return advice.get("status").asText().equals("open") && !now.isAfter(Instant.parse(advice.get("valid_until_utc").asText()));
    }

    /** The rule; people decide on the others. */
    private static boolean isAccepted(JsonNode advice) {
        return !advice.get("needs_works_council").asBoolean() && advice.get("saving_eur").asDouble(0) >= 500;
    }

    private static String decision(JsonNode advice, Instant now) {
        ObjectNode decision = JSON.createObjectNode();
        decision.put("site", advice.get("site").asText());
        decision.put("recommendation", advice.get("recommendation").asText());
        decision.put("kind", "accepted");
        decision.put("by", "my Java controller");
        decision.put("at_utc", now.toString());
        decision.put("reason", "none");
        decision.put("comment", "by rule");
        return decision.toString();
    }

    private AnswerRecommendations() {}
}
