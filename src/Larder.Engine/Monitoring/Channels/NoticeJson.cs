using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Larder.Engine.Monitoring.Channels;

/// <summary>Bodies of requests.</summary>
internal static class NoticeJson
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A notice as a webhook gets it. Keys are added, and never change their meaning.</summary>
    public static JsonObject Of(Notice notice) => new()
    {
        ["id"] = notice.Id,
        ["event"] = EnumWord.Of(notice.Event),
        ["level"] = EnumWord.Of(notice.Level),
        ["key"] = notice.Key,
        ["job"] = notice.Job,
        ["title"] = notice.Title,
        ["message"] = notice.Message,
        ["hint"] = notice.Hint,
        ["host"] = notice.Host,
        ["at"] = notice.At,
        ["since"] = notice.Since,
        ["run_id"] = notice.RunId,
        ["facts"] = new JsonArray(
            [.. notice.Facts.Select(fact => (JsonNode)new JsonObject { ["name"] = fact.Name, ["value"] = fact.Value })]),
        ["text"] = NoticeText.Plain(notice),
    };

    public static byte[] Bytes(JsonNode document)
    {
        var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, Options))
        {
            document.WriteTo(writer);
        }
        return bytes.ToArray();
    }

    public static HttpContent Content(byte[] json)
    {
        var content = new ByteArrayContent(json);
        content.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue("application/json", Encoding.UTF8.WebName);
        return content;
    }

    /// <summary>The beginning of a text, cut between letters.</summary>
    public static string Cut(string text, int lengthMax) =>
        text.Length <= lengthMax ? text : $"{text[..(lengthMax - 1 - (char.IsHighSurrogate(text[lengthMax - 2]) ? 1 : 0))]}…";
}
