using System.Text.Json;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Monitoring.Logs;
using Larder.Testing;

namespace Larder.Engine.Tests.Monitoring.Logs;

public sealed class LogBooksTests : IDisposable
{
    private static readonly NewRun Run = new() { Id = new string('a', 32), Kind = RunKind.Backup, Job = "journal", CreatedBy = "root" };

    private readonly TemporaryFolder folder = new();
    private readonly AlertClock clock = new();
    private readonly List<string> warnings = [];

    [Fact]
    public void A_run_is_told_from_its_beginning_to_its_end_and_its_steps_where_somebody_debugs()
    {
        Tell(Books(isJson: false, isDebug: false));
        Assert.Equal(
            [
                "2026-01-05 12:00:00 +00:00 INFO     The backup of job \"journal\" begins. [job=journal kind=backup run_id=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa trigger=manual by=root]",
                "2026-01-05 12:00:00 +00:00 WARNING  A warning with a line of its own  2026 ERROR forged [job=journal kind=backup run_id=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]",
                "2026-01-05 12:00:00 +00:00 ERROR    The backup of job \"journal\" ended: failed. LARDER-060 It is gone. [job=journal kind=backup run_id=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]",
            ],
            File.ReadAllLines(folder.Combine("logs", "backup.log")));
        Tell(Books(isJson: false, isDebug: true));
        Assert.Contains(File.ReadAllLines(folder.Combine("logs", "backup.log")), line => line.Contains("DEBUG    A step.", StringComparison.Ordinal));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.Combine("logs", "backup.log")));
    }

    [Fact]
    public void As_json_each_line_is_an_object()
    {
        Tell(Books(isJson: true, isDebug: false));
        var lines = File.ReadAllLines(folder.Combine("logs", "backup.log")).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(3, lines.Count);
        Assert.Equal(("ERROR", "journal"), (lines[2].GetProperty("level").GetString(), lines[2].GetProperty("job").GetString()));
        Assert.Equal("A warning with a line of its own\n2026 ERROR forged", lines[1].GetProperty("message").GetString()!.Replace("\r", "", StringComparison.Ordinal));
    }

    [Fact]
    public void The_journal_gets_every_line_with_its_priority()
    {
        var journal = new StringWriter();
        Tell(new LogBooks(Settings(false), clock, warnings.Add) { Journal = journal });
        Assert.Equal(["<6>", "<4>", "<3>"], journal.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[..3]));
    }

    [Fact]
    public void A_file_that_is_large_is_put_aside_and_the_oldest_goes()
    {
        var file = new LogFile(folder["backup.log"], bytesMax: 100, keep: 2);
        for (var number = 0; number < 40; number++)
        {
            file.Append($"line {number:000}, which has some forty characters\n");
        }
        Assert.Equal(["backup.log", "backup.log.1", "backup.log.2"], folder.Names);
        var kept = new[] { "backup.log.2", "backup.log.1", "backup.log" }.SelectMany(name => File.ReadAllLines(folder[name])).ToList();
        Assert.Equal(kept.Order(), kept); // In order, none twice and none lost between them.
        Assert.Equal("039", kept[^1].Substring(5, 3));
        Assert.Equal(kept.Count, kept.Distinct().Count());
        Assert.Equal(40 - kept.Count, int.Parse(kept[0].AsSpan(5, 3)));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_one_warning_and_no_more()
    {
        File.Create(folder["logs"]).Dispose();
        Tell(Books(isJson: false, isDebug: false));
        Assert.Contains("cannot be written", Assert.Single(warnings), StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private static void Tell(LogBooks books)
    {
        books.OfRun(new JournalNews.Began { Run = Run });
        books.OfRun(new JournalNews.Noted(EventLevel.Info, "A step.") { Run = Run });
        books.OfRun(new JournalNews.Noted(EventLevel.Warning, "A warning with a line of its own\r\n2026 ERROR forged") { Run = Run });
        var error = new ErrorReport { Code = "LARDER-060", Message = "It is gone.", Hint = "", ExitStatus = ExitStatus.Failed, HttpStatus = 404 };
        books.OfRun(new JournalNews.Ended(RunResult.Failed(error)) { Run = Run });
    }

    private LogBooks Books(bool isJson, bool isDebug) => new(Settings(isJson), clock, warnings.Add) { IsDebug = isDebug };

    private LogSettings Settings(bool isJson) => new() { Folder = folder["logs"], IsJson = isJson };
}
