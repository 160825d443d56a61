using System.Text.Json.Serialization;
using Larder.Engine.Errors;

namespace Larder.Engine.SelfTests;

/// <summary>How the self-tests ended. `verify --test --json` is <see cref="ToJson"/>.</summary>
public sealed record SelfTestReport
{
    /// <summary><c>failed</c> where any test failed; otherwise <c>success</c>.</summary>
    public string Status => Tests.Any(test => test.Status == SelfTestResult.Failed) ? "failed" : "success";

    public required IReadOnlyList<SelfTestResult> Tests { get; init; }

    /// <summary>5 where a test failed.</summary>
    [JsonIgnore]
    public ExitStatus ExitStatus => Status == "failed" ? ExitStatus.Damage : ExitStatus.Done;

    public string ToJson() => SelfTestJson.Write(this);
}

/// <summary>One self-test.</summary>
/// <param name="Name">One of <see cref="SelfTestRun.Names"/>.</param>
/// <param name="Status"><c>passed</c>, <c>failed</c> or <c>skipped</c>: what could not be tried is not passed.</param>
/// <param name="Message">Whole sentences: what was found, or why it was skipped.</param>
/// <param name="DurationSeconds">How long it took.</param>
public sealed record SelfTestResult(string Name, string Status, string Message, double DurationSeconds)
{
    public const string Passed = "passed";
    public const string Failed = "failed";
    public const string Skipped = "skipped";
}

/// <summary>What one test answers; the run adds name and time.</summary>
internal sealed record Verdict(string Status, string Message)
{
    public static Verdict Passed(string message) => new(SelfTestResult.Passed, message);

    public static Verdict Failed(string message) => new(SelfTestResult.Failed, message);

    public static Verdict Skipped(string message) => new(SelfTestResult.Skipped, message);

    /// <summary>Failed with the problems, or passed.</summary>
    public static Verdict Of(IReadOnlyCollection<string> problems, string passed) =>
        problems.Count > 0 ? Failed(string.Join(' ', problems)) : Passed(passed);
}
