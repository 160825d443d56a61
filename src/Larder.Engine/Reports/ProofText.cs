using System.Globalization;
using System.Text;

namespace Larder.Engine.Reports;

/// <summary>The report for people: plain text, aligned, ending with a newline.</summary>
public static class ProofText
{
    // As wide as the longest label.
    private const int LabelColumns = 16;

    public static string Write(ProofReport report)
    {
        var text = new StringBuilder("PROOF OF BACKUPS\n\n");
        Line(text, "Status", report.Status.ToUpperInvariant());
        Line(text, "Date", Moment(report.CreatedAt));
        foreach (var unreadable in report.Unreadable)
        {
            Line(text, "Not read", unreadable);
        }
        foreach (var job in report.Jobs)
        {
            Job(text, job);
        }
        return text.ToString();
    }

    private static void Job(StringBuilder text, JobProof job)
    {
        text.Append("\nJOB ").Append(job.Job).Append('\n');
        Line(text, "Backups", job.Backups.ToString("N0", CultureInfo.InvariantCulture));
        Line(text, "Last good", job.LastGood is { } good
            ? $"{good.ShortId} of {good.Timestamp} in {string.Join(", ", good.Repositories)}"
            : "none");
        foreach (var record in job.Verifications)
        {
            var share = record.Subset == "1/1" ? "" : $", share {record.Subset}";
            var scope = record.Scope == "all" ? "" : ", named backups only";
            Line(text, "Verified", $"{record.Level}: {record.Status} on {Moment(record.FinishedAt)}{share}{scope}");
        }
        if (job.LastDrill is { } drill)
        {
            var rto = drill.RtoSeconds is { } seconds ? string.Create(CultureInfo.InvariantCulture, $", restored in {seconds:0.0} s") : "";
            Line(text, "Drilled", $"{drill.Status} on {Moment(drill.FinishedAt)}{rto}");
        }
        foreach (var restore in job.Restores)
        {
            Line(text, restore.Kind == "restore" ? "Restored" : "Rolled back", $"{restore.Status} on {Moment(restore.StartedAt)}"
                + (restore.Error is null ? "" : $": {restore.Error}"));
        }
        foreach (var kept in job.Kept)
        {
            Line(text, "Kept", $"what {string.Join(", ", kept.Targets)} held before, until {Moment(kept.KeptUntil)}");
        }
        foreach (var missing in job.Missing)
        {
            Line(text, "Missing", missing);
        }
    }

    private static void Line(StringBuilder text, string label, string value) =>
        text.Append("  ").Append(label.PadRight(LabelColumns)).Append(value).Append('\n');

    private static string Moment(DateTimeOffset moment) =>
        moment.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
