using System.Globalization;
using System.Text;
using Larder.Engine.Retention;

namespace Larder.Engine.Tests.Retention;

/// <summary>
/// One golden case: what there is and the policy above the line <c>--</c>, the decisions with their reasons below it. cases/README.md tells the form.
/// </summary>
internal sealed class RetentionCase
{
    private readonly List<string> input = [];
    private readonly List<(RetentionCandidate Backup, bool IsSeries)> backups = [];
    private TimeZoneInfo zone = TimeZoneInfo.Utc;
    private DateTimeOffset? now;
    private KeepPolicy policy = new();

    public required string Title { get; init; }

    /// <summary>What the file says below the line.</summary>
    public string Expected { get; private set; } = "";

    public static IReadOnlyList<RetentionCase> ReadAll(string path)
    {
        var cases = new List<RetentionCase>();
        RetentionCase? current = null;
        var expecting = false;
        foreach (var line in File.ReadLines(path))
        {
            if (line.StartsWith("== ", StringComparison.Ordinal))
            {
                current = new RetentionCase { Title = line[3..] };
                cases.Add(current);
                expecting = false;
            }
            else if (line == "--")
            {
                expecting = true;
            }
            else if (line.Length > 0 && expecting)
            {
                current!.Expected += line + "\n";
            }
            else if (line.Length > 0)
            {
                current!.input.Add(line);
            }
        }
        cases.ForEach(one => one.Parse());
        return cases;
    }

    /// <summary>The whole case with these decisions, as the file has it.</summary>
    public string Render(string decisions) => $"== {Title}\n{string.Join('\n', input)}\n--\n{decisions}";

    public string Decide()
    {
        var latest = backups.Count > 0 ? backups.Max(one => one.Backup.CreatedAt) : DateTimeOffset.UnixEpoch;
        var plan = RetentionPlan.Compute([.. backups.Select(one => one.Backup)], policy, zone, now ?? latest);
        var series = backups.Where(one => one.IsSeries).Select(one => one.Backup.BackupId).ToHashSet(StringComparer.Ordinal);
        var text = new StringBuilder();
        foreach (var decision in plan.Decisions.Where(decision => decision.Keep || !series.Contains(decision.Backup.BackupId)))
        {
            var category = decision.Category is { } found ? $" [{found.ToString().ToLowerInvariant()}]" : "";
            text.Append($"{decision.Backup.BackupId} {(decision.Keep ? "keep" : "remove")}{category}: {decision.Why}\n");
        }
        if (series.Count > 0)
        {
            text.Append($"kept {plan.Kept.Count()} of {plan.Decisions.Count}\n");
        }
        return text.ToString();
    }

    private void Parse()
    {
        zone = TimeZoneInfo.FindSystemTimeZoneById(input.Find(line => line.StartsWith("zone ", StringComparison.Ordinal))?[5..] ?? "UTC");
        foreach (var line in input)
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            switch (words[0])
            {
                case "zone":
                    break;
                case "now":
                    now = Moment(words[1], words[2]);
                    break;
                case "keep":
                    policy = Policy(words[1..]);
                    break;
                case "series":
                    AddSeries(words);
                    break;
                default:
                    Add($"{words[0]} {words[1]}", Moment(words[0], words[1]), words[2..], isSeries: false);
                    break;
            }
        }
    }

    // series 2024-01-01 02:00 every 1d times 400 [partial]
    private void AddSeries(string[] words)
    {
        var local = DateTime.ParseExact($"{words[1]} {words[2]}", "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
        for (var i = 0; i < int.Parse(words[6], CultureInfo.InvariantCulture); i++)
        {
            var moment = Local(local + (Duration(words[4]) * i));
            Add(TimeZoneInfo.ConvertTime(moment, zone).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture), moment, words[7..], isSeries: true);
        }
    }

    private void Add(string id, DateTimeOffset moment, string[] words, bool isSeries)
    {
        var name = Array.Find(words, word => word.StartsWith('#'));
        backups.Add((new RetentionCandidate
        {
            BackupId = name is null ? id : $"{id} {name}",
            Job = Array.Find(words, word => word.StartsWith("job:", StringComparison.Ordinal)) ?? "job:journal",
            CreatedAt = moment,
            IsGood = !words.Contains("partial"),
            IsPinned = words.Contains("pinned"),
            PassedDrill = words.Contains("drilled"),
        }, isSeries));
    }

    // "02:30" in the zone, or "02:30+01:00" where the zone has it twice.
    private DateTimeOffset Moment(string date, string time) => time.Length > 5
        ? DateTimeOffset.ParseExact($"{date} {time}", "yyyy-MM-dd HH:mmzzz", CultureInfo.InvariantCulture)
        : Local(DateTime.ParseExact($"{date} {time}", "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture));

    private DateTimeOffset Local(DateTime local) => new(local, zone.GetUtcOffset(local));

    private static KeepPolicy Policy(string[] words)
    {
        var parsed = new KeepPolicy();
        for (var i = 0; i < words.Length; i += 2)
        {
            parsed = words[i] == "within"
                ? parsed with { Within = Duration(words[i + 1]) }
                : Counted(parsed, words[i], int.Parse(words[i + 1], CultureInfo.InvariantCulture));
        }
        return parsed;
    }

    private static KeepPolicy Counted(KeepPolicy policy, string word, int count) => word switch
    {
        "last" => policy with { Last = count },
        "hourly" => policy with { Hourly = count },
        "daily" => policy with { Daily = count },
        "weekly" => policy with { Weekly = count },
        "monthly" => policy with { Monthly = count },
        "yearly" => policy with { Yearly = count },
        _ => throw new FormatException($"\"{word}\" is no rule."),
    };

    private static TimeSpan Duration(string text)
    {
        var number = int.Parse(text[..^1], CultureInfo.InvariantCulture);
        return text[^1] switch
        {
            'd' => TimeSpan.FromDays(number),
            'h' => TimeSpan.FromHours(number),
            'm' => TimeSpan.FromMinutes(number),
            _ => throw new FormatException($"\"{text}\" is no duration."),
        };
    }
}
