using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Larder.Sources.MongoDb;

/// <summary>How much of a value's type its JSON keeps.</summary>
public enum ExtendedJsonMode
{
    /// <summary>Every type: what mongodump writes and what comes back as the same BSON.</summary>
    Canonical,

    /// <summary>Numbers and dates as people write them; their exact types are lost.</summary>
    Relaxed,
}

/// <summary>
/// MongoDB's Extended JSON, version 2 (github.com/mongodb/specifications, extended-json): BSON as JSON and back. Text in BSON that is not
/// UTF-8 becomes U+FFFD.
/// </summary>
public static class ExtendedJson
{
    private static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // For files and terminals, not for HTML.
        SkipValidation = true,
    };

    /// <summary>One document as UTF-8. Fails with <see cref="BsonException"/>.</summary>
    public static byte[] ToBytes(ReadOnlySpan<byte> document, ExtendedJsonMode mode = ExtendedJsonMode.Canonical)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes, WriterOptions))
        {
            Write(writer, document, mode);
        }
        return bytes.WrittenSpan.ToArray();
    }

    public static string ToText(ReadOnlySpan<byte> document, ExtendedJsonMode mode = ExtendedJsonMode.Canonical) =>
        Encoding.UTF8.GetString(ToBytes(document, mode));

    /// <summary>Writes one document as an object.</summary>
    public static void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> document, ExtendedJsonMode mode)
    {
        writer.WriteStartObject();
        foreach (var element in new BsonReader(document))
        {
            writer.WritePropertyName(element.Name);
            WriteValue(writer, element, mode);
        }
        writer.WriteEndObject();
    }

    /// <summary>
    /// The BSON of an object in Extended JSON, canonical or relaxed, and of the older form that mongodump before 4.2 wrote.
    /// Fails with <see cref="FormatException"/> (<see cref="JsonException"/> where it is not JSON).
    /// </summary>
    public static byte[] Parse(ReadOnlyMemory<byte> utf8) => ExtendedJsonParser.Parse(utf8);

    public static byte[] Parse(string text) => Parse(Encoding.UTF8.GetBytes(text));

    private static void WriteValue(Utf8JsonWriter writer, BsonElement element, ExtendedJsonMode mode)
    {
        var value = element.Value;
        switch (element.Type)
        {
            case BsonType.Document:
                Write(writer, value, mode);
                break;
            case BsonType.Array:
                writer.WriteStartArray();
                foreach (var item in new BsonReader(value))
                {
                    WriteValue(writer, item, mode);
                }
                writer.WriteEndArray();
                break;
            case BsonType.String:
                writer.WriteStringValue(element.AsString());
                break;
            case BsonType.Boolean:
                writer.WriteBooleanValue(element.AsBoolean());
                break;
            case BsonType.Null:
                writer.WriteNullValue();
                break;
            case BsonType.Int32 when mode == ExtendedJsonMode.Relaxed:
            case BsonType.Int64 when mode == ExtendedJsonMode.Relaxed:
                writer.WriteNumberValue(element.AsInt64());
                break;
            case BsonType.Double when mode == ExtendedJsonMode.Relaxed && double.IsFinite(element.AsDouble()):
                writer.WriteRawValue(Format(element.AsDouble()), skipInputValidation: true);
                break;
            default:
                writer.WriteStartObject();
                WriteTyped(writer, element, mode);
                writer.WriteEndObject();
                break;
        }
    }

    private static void WriteTyped(Utf8JsonWriter writer, BsonElement element, ExtendedJsonMode mode)
    {
        var value = element.Value;
        switch (element.Type)
        {
            case BsonType.Int32:
                writer.WriteString("$numberInt", element.AsInt64().ToString(CultureInfo.InvariantCulture));
                break;
            case BsonType.Int64:
                writer.WriteString("$numberLong", element.AsInt64().ToString(CultureInfo.InvariantCulture));
                break;
            case BsonType.Double:
                writer.WriteString("$numberDouble", Format(element.AsDouble()));
                break;
            case BsonType.Decimal128:
                writer.WriteString("$numberDecimal", Decimal128.Format(value));
                break;
            case BsonType.ObjectId:
                writer.WriteString("$oid", Convert.ToHexStringLower(value));
                break;
            case BsonType.DateTime:
                WriteDate(writer, element.AsInt64(), mode);
                break;
            case BsonType.Timestamp:
                writer.WriteStartObject("$timestamp");
                writer.WriteNumber("t", (uint)(element.AsTimestamp() >> 32));
                writer.WriteNumber("i", (uint)element.AsTimestamp());
                writer.WriteEndObject();
                break;
            case BsonType.Binary:
                var bytes = element.AsBinary(out var subtype);
                writer.WriteStartObject("$binary");
                writer.WriteBase64String("base64", bytes);
                writer.WriteString("subType", subtype.ToString("x2", CultureInfo.InvariantCulture));
                writer.WriteEndObject();
                break;
            case BsonType.Regex:
                var end = value.IndexOf((byte)0);
                writer.WriteStartObject("$regularExpression");
                writer.WriteString("pattern", Encoding.UTF8.GetString(value[..end]));
                writer.WriteString("options", Encoding.UTF8.GetString(value[(end + 1)..^1]));
                writer.WriteEndObject();
                break;
            case BsonType.Code:
                writer.WriteString("$code", element.AsString());
                break;
            case BsonType.Symbol:
                writer.WriteString("$symbol", element.AsString());
                break;
            case BsonType.CodeWithScope:
                WriteCodeWithScope(writer, value, mode);
                break;
            case BsonType.DbPointer:
                writer.WriteStartObject("$dbPointer");
                writer.WriteString("$ref", Encoding.UTF8.GetString(value[4..^13]));
                writer.WriteStartObject("$id");
                writer.WriteString("$oid", Convert.ToHexStringLower(value[^12..]));
                writer.WriteEndObject();
                writer.WriteEndObject();
                break;
            case BsonType.Undefined:
                writer.WriteBoolean("$undefined", true);
                break;
            case BsonType.MinKey:
                writer.WriteNumber("$minKey", 1);
                break;
            case BsonType.MaxKey:
                writer.WriteNumber("$maxKey", 1);
                break;
            default:
                throw new BsonException($"The value \"{element.Name}\" of type {element.Type} has no form in JSON.");
        }
    }

    private static void WriteDate(Utf8JsonWriter writer, long milliseconds, ExtendedJsonMode mode)
    {
        const long year10000 = 253402300800000;
        if (mode == ExtendedJsonMode.Relaxed && milliseconds is >= 0 and < year10000)
        {
            var date = DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
            var format = milliseconds % 1000 == 0 ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            writer.WriteString("$date", date.ToString(format, CultureInfo.InvariantCulture));
            return;
        }
        writer.WriteStartObject("$date");
        writer.WriteString("$numberLong", milliseconds.ToString(CultureInfo.InvariantCulture));
        writer.WriteEndObject();
    }

    private static void WriteCodeWithScope(Utf8JsonWriter writer, ReadOnlySpan<byte> value, ExtendedJsonMode mode)
    {
        var code = value[4..];
        var codeBytes = code.Length >= 4 ? BinaryPrimitives.ReadInt32LittleEndian(code) : 0;
        if (codeBytes < 1 || codeBytes > code.Length - 4)
        {
            throw new BsonException("Code with a scope is longer than its value.");
        }
        writer.WriteString("$code", Encoding.UTF8.GetString(code.Slice(4, codeBytes - 1)));
        writer.WritePropertyName("$scope");
        Write(writer, code[(4 + codeBytes)..], mode);
    }

    private static string Format(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
        }
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().IndexOfAny('.', 'E') < 0 ? text + ".0" : text;
    }
}
