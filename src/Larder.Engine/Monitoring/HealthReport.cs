using System.Text.Json.Serialization;
using Larder.Engine.Errors;

namespace Larder.Engine.Monitoring;

/// <summary>How everything stands. `health --json` is <see cref="ToJson"/>.</summary>
public sealed record HealthReport
{
    /// <summary>The worst of all checks.</summary>
    public AlertLevel Level => Checks.Count == 0 ? AlertLevel.Info : Checks.Max(check => check.Level);

    public required DateTimeOffset CheckedAt { get; init; }

    public required string Host { get; init; }

    /// <summary>By job in the order of the configuration, then what concerns no one job.</summary>
    public required IReadOnlyList<Condition> Checks { get; init; }

    /// <summary>0 below ERROR; 5 where what is worst is damage that a verification or drill found; otherwise 1.</summary>
    [JsonIgnore]
    public ExitStatus ExitStatus => Level < AlertLevel.Error ? ExitStatus.Done
        : Checks.Where(check => check.Level == Level).All(check => check.Event is AlertEvent.VerifyFailed or AlertEvent.DrillFailed)
            ? ExitStatus.Damage : ExitStatus.Failed;

    /// <summary>One JSON object, snake_case, indented, without a newline at its end.</summary>
    public string ToJson() => HealthJson.Write(this);
}
