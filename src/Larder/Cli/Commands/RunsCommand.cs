using Larder.Engine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Larder.Cli.Output;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;

namespace Larder.Cli.Commands;

/// <summary>`larder runs`.</summary>
internal sealed class RunsCommand
{
    private const int ShownIdLength = 16;

    private static readonly string[] Kinds = [.. Enum.GetValues<RunKind>().Select(EnumWord.Of)];
    private readonly Operand job = new("JOB", "Only the runs of this job.", ValueKind.Job, 0, 1);
    private readonly Setting kind = new("--kind", "KIND", "Only runs of this kind.", ValueKind.Text, Kinds);
    private readonly Setting limit = new("--limit", "N", "At most this many, newest first; 20 by default.");

    private readonly Setting show = new(
        "--show", "RUN", "One run with its events: warnings, errors, what hooks printed. The beginning of its id, or latest.");

    public static LarderCommand Create() => new RunsCommand().Build();

    private LarderCommand Build() => new("runs", "List what ran, and how it ended.")
    {
        Arguments = { job },
        Options = { kind, limit, show },
        Run = RunAsync,
        Details = "Run history is in the catalog of this machine. Losing it loses history, and no backup.",
        Examples =
        [
            new("larder runs", "the newest"),
            new("larder runs journal --kind backup --limit 100", "backups of a job, failed ones too"),
            new("larder runs --show latest", "what the newest run said"),
        ],
        Json = "An array of `id`, `kind`, `job`, `status`, `trigger`, `created_by`, `started_at`, `finished_at`, `backup_id`, "
            + "`size_bytes`, `added_bytes`, `exit_status`, `error` (object of `code`, `message`, `hint`, or null). With --show one of "
            + "them as an object, and `events` (array of `number`, `at`, `level`, `message`).",
    };

    private Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (call.ValueOf(show) is { } name)
        {
            return Task.FromResult(ShowOne(call, name));
        }
        if (!int.TryParse(call.ValueOf(limit) ?? "20", NumberStyles.None, CultureInfo.InvariantCulture, out var most) || most < 1)
        {
            throw new LarderException(EngineError.UsageInvalid, $"--limit takes a number of 1 or more, and not \"{call.ValueOf(limit)}\".");
        }
        var filter = new RunFilter
        {
            Job = call.ValueOf(job),
            Kind = call.ValueOf(kind) is { } word ? EnumWord.Find<RunKind>(word) : null,
            Limit = most,
        };
        var runs = call.Composition.OpenCatalog()?.Runs(filter).Runs
            ?? throw new LarderException(EngineError.CatalogUnavailable, "The catalog cannot be read, so there is no history to show.");
        if (runs.Count == 0)
        {
            call.Words.Say("Nothing ran yet.");
        }
        if (call.IsJson)
        {
            call.Answer(new JsonArray([.. runs.Select(run => (JsonNode)RunJson.Of(run))]));
        }
        else if (runs.Count > 0)
        {
            call.Print(Text(runs, call.OutInk));
        }
        return Task.FromResult(ExitStatus.Done);
    }

    private static ExitStatus ShowOne(Call call, string name)
    {
        var catalog = call.Composition.OpenCatalog()
            ?? throw new LarderException(EngineError.CatalogUnavailable, "The catalog cannot be read, so there is no history to show.");
        var found = Find(catalog, name);
        var events = catalog.Events(found.Id);
        if (call.IsJson)
        {
            call.Answer(RunJson.Of(found, events));
            return ExitStatus.Done;
        }
        var text = new StringBuilder(Text([found], call.OutInk));
        foreach (var one in events)
        {
            var moment = Show.Moment(one.At, TimeZoneInfo.Local);
            text.Append($"\n{moment}  {Painted(one.Level, call.OutInk)} ");
            text.AppendJoin("\n    ", one.Message.Split('\n').Select(TextWidth.Plain));
        }
        call.Print(text.ToString());
        return ExitStatus.Done;
    }

    private static string Painted(EventLevel level, Ink ink) => level switch
    {
        EventLevel.Error => ink.Red("ERROR  "),
        EventLevel.Warning => ink.Yellow("WARNING"),
        _ => "INFO   ",
    };

    private static Run Find(CatalogDatabase catalog, string name)
    {
        // Ids begin with the time, so the newest are found first and an id's beginning fits runs of the same moment alone.
        var runs = catalog.Runs(new RunFilter { Limit = name == "latest" ? 1 : int.MaxValue }).Runs;
        var fitting = name == "latest" ? runs : [.. runs.Where(each => each.Id.StartsWith(name, StringComparison.OrdinalIgnoreCase))];
        return fitting switch
        {
            [var only] => only,
            [] => throw new LarderException(EngineError.UnknownRun, $"No run is called \"{name}\"."),
            _ => throw new LarderException(EngineError.UnknownRun, $"\"{name}\" fits {fitting.Count} runs; type more of the id."),
        };
    }

    private static string Text(IReadOnlyList<Run> runs, Ink ink)
    {
        var table = new Table("STARTED", "KIND", "JOB", "STATUS", ">TOOK", "BACKUP", "RUN", "ERROR");
        foreach (var run in runs)
        {
            table.AddPainted(
                3,
                ink.Status,
                Show.Moment(run.StartedAt, TimeZoneInfo.Local),
                EnumWord.Of(run.Kind),
                run.Job ?? "-",
                EnumWord.Of(run.Status),
                run.FinishedAt is { } end ? Show.Seconds((end - run.StartedAt).TotalSeconds) : "-",
                run.BackupId is { Length: > 8 } id ? id[..8] : "-",
                run.Id[..Math.Min(run.Id.Length, ShownIdLength)],
                run.ErrorCode is null ? "" : $"{run.ErrorCode} {run.ErrorMessage}");
        }
        return table.Render(ink);
    }
}
