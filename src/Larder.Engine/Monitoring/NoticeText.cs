using System.Globalization;
using System.Net;
using System.Text;

namespace Larder.Engine.Monitoring;

/// <summary>A notice in words: the one template that every channel renders from.</summary>
public static class NoticeText
{
    /// <summary>One line. It begins with the level, so that people can sort their mail by it.</summary>
    public static string Subject(Notice notice) => OneLine($"[larder] {Head(notice)} ({notice.Host})");

    /// <summary>As the subject, without the program and the host.</summary>
    public static string Head(Notice notice) => OneLine(
        $"{(notice.Event == AlertEvent.Recovered ? "RECOVERED" : notice.Level.ToString().ToUpperInvariant())}: {notice.Title}");

    public static string Plain(Notice notice)
    {
        var text = new StringBuilder();
        text.Append(Head(notice)).Append("\n\n").Append(notice.Message).Append('\n');
        if (notice.Hint is { } hint)
        {
            text.Append("\nWhat to do: ").Append(hint).Append('\n');
        }
        text.Append('\n');
        foreach (var fact in Lines(notice))
        {
            text.Append(fact.Name).Append(": ").Append(fact.Value).Append('\n');
        }
        return text.ToString();
    }

    public static string Html(Notice notice)
    {
        var text = new StringBuilder("<!DOCTYPE html>\n<html><body style=\"font-family: sans-serif\">\n");
        text.Append(CultureInfo.InvariantCulture, $"<h2 style=\"color: {Color(notice)}\">{Escaped(Head(notice))}</h2>\n");
        text.Append(CultureInfo.InvariantCulture, $"<p>{Escaped(notice.Message)}</p>\n");
        if (notice.Hint is { } hint)
        {
            text.Append(CultureInfo.InvariantCulture, $"<p><b>What to do:</b> {Escaped(hint)}</p>\n");
        }
        text.Append("<table>\n");
        foreach (var fact in Lines(notice))
        {
            text.Append(CultureInfo.InvariantCulture, $"<tr><td>{Escaped(fact.Name)}</td><td>{Escaped(fact.Value)}</td></tr>\n");
        }
        return text.Append("</table>\n</body></html>\n").ToString();
    }

    /// <summary>For channels with little room: message, and what to do.</summary>
    public static string Brief(Notice notice) =>
        notice.Hint is { } hint ? $"{notice.Message}\nWhat to do: {hint}" : notice.Message;

    /// <summary>As <c>#rrggbb</c>.</summary>
    public static string Color(Notice notice) => notice switch
    {
        { Event: AlertEvent.Recovered } or { Level: AlertLevel.Info } => "#2e7d32",
        { Level: AlertLevel.Warning } => "#b26a00",
        _ => "#c62828",
    };

    /// <summary>Every figure, those of the notice itself first.</summary>
    public static IEnumerable<NoticeFact> Lines(Notice notice)
    {
        if (notice.Job is { } job)
        {
            yield return new NoticeFact("Job", job);
        }
        foreach (var fact in notice.Facts)
        {
            yield return fact;
        }
        if (notice.Since is { } since)
        {
            yield return new NoticeFact("Since", Moment(since));
        }
        yield return new NoticeFact("Time", Moment(notice.At));
        yield return new NoticeFact("Host", notice.Host);
        if (notice.RunId is { } run)
        {
            yield return new NoticeFact("Run", $"{run} (larder runs --show {run[..Math.Min(run.Length, 13)]})");
        }
    }

    private static string Moment(DateTimeOffset moment) => moment.ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture);

    // A line break in a header of a mail, or in a title of HTTP, would begin another header.
    private static string OneLine(string text) =>
        string.Join(' ', text.Split((char[])['\r', '\n', '\t', '\0'], StringSplitOptions.RemoveEmptyEntries));

    private static string Escaped(string text) => WebUtility.HtmlEncode(text).Replace("\n", "<br>\n", StringComparison.Ordinal);
}
