using System.Globalization;
using System.Text;

namespace Larder.Engine.Verify;

/// <summary>The report for people: plain text, aligned, ending with a newline.</summary>
public static class VerifyText
{
    // As wide as the longest label.
    private const int LabelColumns = 16;

    public static string Write(VerifyReport report)
    {
        var text = new StringBuilder();
        text.Append("VALIDATION REPORT\n\n");
        Line(text, "Status", report.Status.ToUpperInvariant());
        Line(text, "Level", report.Subset == "1/1" ? report.Level : $"{report.Level}, share {report.Subset}");
        Line(text, "Started", report.StartedAt.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture));
        Line(text, "Duration", string.Create(CultureInfo.InvariantCulture, $"{report.DurationSeconds:0.0} s"));
        Line(text, "Run", report.RunId);

        var counts = report.Checked;
        text.Append("\nCHECKED\n");
        Line(text, "Repositories", counts.Repositories.Count == 0 ? "none" : string.Join(", ", counts.Repositories));
        Line(text, "Backups", Number(counts.Backups));
        Line(text, "Packs", $"{Number(counts.Packs)}, of which {Number(counts.PacksRead)} were read ({Number(counts.BytesRead)} bytes)");
        Line(text, "Blobs", Number(counts.Blobs));
        if (counts.Contents > 0)
        {
            Line(
                text,
                "Contents",
                $"{Number(counts.Contents)} backups: {Number(counts.Entries)} files, {Number(counts.Rows)} rows, "
                + $"{Number(counts.ContentBytes)} bytes");
        }

        text.Append(CultureInfo.InvariantCulture, $"\nERRORS ({report.Errors.Count})\n");
        foreach (var error in report.Errors)
        {
            text.Append("  ").Append(error.Code).Append("  ").Append(error.Message).Append('\n');
            Detail(text, "repository", error.Repository);
            Detail(text, "file", error.File);
            Detail(text, "backups", error.Backups.Count == 0 ? null : string.Join(", ", error.Backups.Select(Name)));
        }
        text.Append(report.Errors.Count == 0 ? "  none\n" : "");

        text.Append(CultureInfo.InvariantCulture, $"\nHINTS ({report.Hints.Count})\n");
        foreach (var hint in report.Hints)
        {
            text.Append("  - ").Append(hint).Append('\n');
        }
        text.Append(report.Hints.Count == 0 ? "  none\n" : "");
        return text.ToString();
    }

    private static void Line(StringBuilder text, string label, string value) =>
        text.Append("  ").Append(label.PadRight(LabelColumns)).Append(value).Append('\n');

    private static void Detail(StringBuilder text, string label, string? value)
    {
        if (value is not null)
        {
            text.Append("              ").Append(label.PadRight(12)).Append(value).Append('\n');
        }
    }

    private static string Name(AffectedBackup backup) => backup.Job is null
        ? backup.Timestamp is null ? backup.ShortId : $"{backup.ShortId} ({backup.Timestamp})"
        : $"{backup.ShortId} ({backup.Job}, {backup.Timestamp})";

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
