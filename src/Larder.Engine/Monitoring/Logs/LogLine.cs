using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Larder.Engine.Monitoring.Logs;

/// <summary>One line of a log: when, how bad, what, and its facts.</summary>
public sealed record LogLine
{
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public required DateTimeOffset At { get; init; }

    /// <summary><c>DEBUG</c>, <c>INFO</c>, <c>WARNING</c>, <c>ERROR</c> or <c>CRITICAL</c>.</summary>
    public required string Level { get; init; }

    public required string Message { get; init; }

    /// <summary>Such as <c>job</c> and <c>run_id</c>. No secrets.</summary>
    public IReadOnlyList<(string Name, string? Value)> Facts { get; init; } = [];

    /// <summary>With the line break at its end; line breaks within are spaces, so that nobody can write a line of his own.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{At:yyyy-MM-dd HH:mm:ss zzz} {Level,-8} {Plain(Message)}");
        var facts = Facts.Where(fact => fact.Value is not null).Select(fact => $"{fact.Name}={Plain(fact.Value!)}").ToList();
        if (facts.Count > 0)
        {
            text.Append(" [").AppendJoin(' ', facts).Append(']');
        }
        return text.Append('\n').ToString();
    }

    public string ToJson()
    {
        var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, Json))
        {
            writer.WriteStartObject();
            writer.WriteString("at", At);
            writer.WriteString("level", Level);
            writer.WriteString("message", Message);
            foreach (var (name, value) in Facts.Where(fact => fact.Value is not null))
            {
                writer.WriteString(name, value);
            }
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.ToArray()) + "\n";
    }

    /// <summary>As the journal of systemd takes it on standard error: the priority before the line.</summary>
    public string ToJournal() => Level switch
    {
        "DEBUG" => "<7>",
        "INFO" => "<6>",
        "WARNING" => "<4>",
        "ERROR" => "<3>",
        _ => "<2>",
    } + Plain(Message) + "\n";

    private static string Plain(string text) =>
        string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter)).Trim();
}
