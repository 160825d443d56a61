using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Larder.Sources.MongoDb;

/// <summary>Reads Extended JSON into BSON.</summary>
internal static class ExtendedJsonParser
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 512 };

    public static byte[] Parse(ReadOnlyMemory<byte> utf8)
    {
        using var document = JsonDocument.Parse(utf8, Options);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("It is not an object.");
        }
        var writer = new BsonWriter();
        WriteFields(writer, document.RootElement);
        return writer.ToArray();
    }

    private static void WriteFields(BsonWriter writer, JsonElement json)
    {
        foreach (var property in json.EnumerateObject())
        {
            WriteValue(writer, property.Name, property.Value);
        }
    }

    private static void WriteValue(BsonWriter writer, string? name, JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                if (!TryWriteTyped(writer, name, json))
                {
                    writer.StartDocument(name);
                    WriteFields(writer, json);
                    writer.End();
                }
                break;
            case JsonValueKind.Array:
                writer.StartArray(name);
                foreach (var item in json.EnumerateArray())
                {
                    WriteValue(writer, null, item);
                }
                writer.End();
                break;
            case JsonValueKind.String:
                writer.String(name, json.GetString()!);
                break;
            case JsonValueKind.Number:
                WriteNumber(writer, name, json);
                break;
            case JsonValueKind.True or JsonValueKind.False:
                writer.Boolean(name, json.GetBoolean());
                break;
            default:
                writer.Null(name);
                break;
        }
    }

    private static void WriteNumber(BsonWriter writer, string? name, JsonElement json)
    {
        if (json.TryGetInt32(out var small))
        {
            writer.Int32(name, small);
        }
        else if (json.TryGetInt64(out var large))
        {
            writer.Int64(name, large);
        }
        else
        {
            writer.Double(name, json.GetDouble());
        }
    }

    // An object stands for a value only where its names are exactly those of a type; {"$regex": …} of a filter stays a document.
    private static bool TryWriteTyped(BsonWriter writer, string? name, JsonElement json)
    {
        var fields = json.EnumerateObject().GetEnumerator();
        if (!fields.MoveNext() || !fields.Current.Name.StartsWith('$'))
        {
            return false;
        }
        var first = fields.Current;
        if (fields.MoveNext())
        {
            return TryWritePair(writer, name, first, fields.Current, isPair: !fields.MoveNext());
        }
        try
        {
            return TryWriteSingle(writer, name, first.Name, first.Value);
        }
        catch (Exception error) when (error is InvalidOperationException or KeyNotFoundException or OverflowException or ArgumentException)
        {
            throw new FormatException($"The value of {first.Name} is not as it must be: {first.Value}.", error);
        }
    }

    private static bool TryWriteSingle(BsonWriter writer, string? name, string type, JsonElement value)
    {
        switch (type)
        {
            case "$numberInt":
                writer.Int32(name, int.Parse(value.GetString()!, CultureInfo.InvariantCulture));
                return true;
            case "$numberLong":
                writer.Int64(name, ParseInt64(value));
                return true;
            case "$numberDouble":
                writer.Double(name, ParseDouble(value.GetString()!));
                return true;
            case "$numberDecimal":
                writer.Raw(BsonType.Decimal128, name, Decimal128.Parse(value.GetString()!));
                return true;
            case "$oid":
                writer.ObjectId(name, Convert.FromHexString(value.GetString()!));
                return true;
            case "$uuid":
                writer.Binary(name, Guid.Parse(value.GetString()!).ToByteArray(bigEndian: true), subtype: 4);
                return true;
            case "$date":
                writer.DateTime(name, ParseDate(value));
                return true;
            case "$timestamp":
                writer.Timestamp(name, ((ulong)value.GetProperty("t").GetUInt32() << 32) | value.GetProperty("i").GetUInt32());
                return true;
            case "$binary" when value.ValueKind == JsonValueKind.Object:
                writer.Binary(name, value.GetProperty("base64").GetBytesFromBase64(), ParseByte(value.GetProperty("subType").GetString()!));
                return true;
            case "$regularExpression":
                var pattern = value.GetProperty("pattern").GetString()!;
                writer.Raw(BsonType.Regex, name, Regex(pattern, value.GetProperty("options").GetString()!));
                return true;
            case "$code":
                writer.Raw(BsonType.Code, name, Text(value.GetString()!));
                return true;
            case "$symbol":
                writer.Symbol(name, value.GetString()!);
                return true;
            case "$dbPointer":
                byte[] pointer =
                [
                    .. Text(value.GetProperty("$ref").GetString()!),
                    .. Convert.FromHexString(value.GetProperty("$id").GetProperty("$oid").GetString()!),
                ];
                writer.Raw(BsonType.DbPointer, name, pointer);
                return true;
            case "$undefined":
                writer.Raw(BsonType.Undefined, name, []);
                return true;
            case "$minKey":
                writer.Raw(BsonType.MinKey, name, []);
                return true;
            case "$maxKey":
                writer.Raw(BsonType.MaxKey, name, []);
                return true;
            default:
                return false;
        }
    }

    private static bool TryWritePair(BsonWriter writer, string? name, JsonProperty first, JsonProperty second, bool isPair)
    {
        switch (isPair ? (first.Name, second.Name) : default)
        {
            case ("$code", "$scope"):
                var scope = new BsonWriter();
                WriteFields(scope, second.Value);
                var code = Text(first.Value.GetString()!);
                byte[] parts = [.. code, .. scope.ToMemory().Span];
                writer.Raw(BsonType.CodeWithScope, name, [.. BitConverter.GetBytes(parts.Length + 4), .. parts]);
                return true;
            case ("$binary", "$type") when first.Value.ValueKind == JsonValueKind.String: // The older form.
                writer.Binary(name, first.Value.GetBytesFromBase64(), ParseByte(second.Value.GetString()!));
                return true;
            default:
                return false;
        }
    }

    private static long ParseInt64(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? long.Parse(value.GetString()!, CultureInfo.InvariantCulture) : value.GetInt64();

    private static long ParseDate(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => ParseInt64(value.GetProperty("$numberLong")),
        JsonValueKind.Number => value.GetInt64(),
        _ => DateTimeOffset.Parse(value.GetString()!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal)
            .ToUnixTimeMilliseconds(),
    };

    private static double ParseDouble(string text) => text switch
    {
        "NaN" => double.NaN,
        "Infinity" => double.PositiveInfinity,
        "-Infinity" => double.NegativeInfinity,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    private static byte ParseByte(string text) => byte.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static byte[] Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return [.. BitConverter.GetBytes(bytes.Length + 1), .. bytes, 0];
    }

    private static byte[] Regex(string pattern, string options) =>
        [.. Encoding.UTF8.GetBytes(pattern), 0, .. Encoding.UTF8.GetBytes(options), 0];
}
