using System.Collections.Concurrent;
using System.Diagnostics;
using Larder.Engine.Access;

namespace Larder.Tests.Api;

/// <summary>
/// Many at once: fifty who read and ten who trigger. What is asserted is that nobody gets an error that is not documented; how long it takes
/// and how much memory is printed, and written down in bench/README.md, because a busy machine is no failure.
/// </summary>
public sealed class LoadTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Lasts =
        Environment.GetEnvironmentVariable("LARDER_SOAK") == "1" ? TimeSpan.FromSeconds(60) : TimeSpan.FromSeconds(3);

    [Fact]
    public async Task Fifty_readers_and_ten_who_trigger_get_no_error_that_is_not_documented()
    {
        await using var desk = await ApiDesk.OpenAsync(configuration:
            """
            state_directory: {0}/state
            repositories: { local: { path: {0}/repository, password: correct-horse-9d41 } }
            jobs:
              journal: { sources: { db: { sqlite: { path: {0}/journal.db } } }, keep: { last: 20 } }
            """);
        var readers = Enumerable.Range(0, 50).Select(_ => desk.TokenOf(Role.Viewer, [Scope.Read])).ToList();
        var triggers = Enumerable.Range(0, 10).Select(_ => desk.TokenOf(Role.Operator, [Scope.Backup, Scope.Verify, Scope.Read])).ToList();
        await desk.RunAsync("POST", "/api/backups", triggers[0], "{}");
        var (times, answers) = (new ConcurrentBag<double>(), new ConcurrentDictionary<int, int>());
        var clock = TimeProvider.System;
        using var over = new CancellationTokenSource(Lasts, clock);

        await Task.WhenAll([.. readers.Select(ReadAsync), .. triggers.Select(TriggerAsync)]);

        var ordered = times.Order().ToList();
        output.WriteLine(
            $"{ordered.Count} reads in {Lasts.TotalSeconds:0} s: p50 {ordered[ordered.Count / 2]:0.0} ms, p99 {ordered[ordered.Count * 99 / 100]:0.0} ms, "
            + $"longest {ordered[^1]:0.0} ms; {answers.Sum(one => one.Value)} answers by status: "
            + $"{string.Join(", ", answers.OrderBy(one => one.Key).Select(one => $"{one.Key}: {one.Value}"))}; "
            + $"memory of this process {Process.GetCurrentProcess().WorkingSet64 >> 20} MiB, the tests' own included");
        Assert.True(ordered.Count > 100, "Hardly anybody was answered.");
        Assert.All(answers.Keys, status => Assert.True(status is 200 or 202 or 304 or 429, $"Somebody got {status}."));

        async Task ReadAsync(string token)
        {
            string[] calls = ["/api/backups", "/api/runs?limit=20", "/api/jobs", "/api/session", "/api/backups/latest", "/healthz"];
            for (var at = 0; !over.IsCancellationRequested; at++)
            {
                var began = clock.GetTimestamp();
                var heard = await desk.SendAsync("GET", calls[at % calls.Length], token);
                times.Add(clock.GetElapsedTime(began).TotalMilliseconds);
                answers.AddOrUpdate(heard.Status, 1, (_, count) => count + 1);
            }
        }

        async Task TriggerAsync(string token)
        {
            while (!over.IsCancellationRequested)
            {
                var heard = await desk.SendAsync("POST", "/api/backups", token, "{}");
                answers.AddOrUpdate(heard.Status, 1, (_, count) => count + 1);
                if (heard.Status == 202)
                {
                    var run = heard.Json.GetProperty("id").GetString()!;
                    if (over.IsCancellationRequested)
                    {
                        await desk.SendAsync("DELETE", $"/api/runs/{run}", token);
                    }
                    await desk.FollowAsync(run, token);
                }
            }
        }
    }
}
