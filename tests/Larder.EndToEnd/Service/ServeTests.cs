using Larder.Testing;

namespace Larder.EndToEnd.Service;

/// <summary>The service as the real program: its signals, its configuration, and its death at any moment.</summary>
public sealed class ServeTests
{
    // All of them in `make soak`; in `make test` a share that fits its time.
    private static readonly int Kills = Environment.GetEnvironmentVariable("LARDER_SOAK") == "1" ? 100 : 8;

    private const string Journal = """
          journal:
            sources: { code: { files: { paths: [CODE] } }, dump: { command: { run: "seq 200000", name: numbers.txt } } }
            schedule: "0 2 * * *"
            keep: { last: 3 }
            retry: { times: 10, wait: 1ms }
        """;

    private const string MissedForTwoDays = "UPDATE schedules SET seen_to = strftime('%Y-%m-%dT%H:%M:%S.0000000Z', 'now', '-2 days')";

    [Fact]
    public Task Kill_nine_of_the_service_at_any_moment_loses_nothing_runs_nothing_twice_and_leaves_nothing_green_that_is_not() =>
        SeededRandom.RunAsync(async random =>
        {
            await using var service = await PrepareAsync();
            var began = TimeProvider.System.GetTimestamp();
            await CatchUpAsync(service);
            var usual = TimeProvider.System.GetElapsedTime(began);

            for (var kill = 0; kill < Kills; kill++)
            {
                var before = long.Parse(await service.AskAsync("SELECT coalesce(max(rowid), 0) FROM runs"));
                await service.AskAsync(MissedForTwoDays);
                service.Start();
                var killed = await service.Child!.KillAfterAsync(usual * random.NextDouble(), TimeProvider.System);
                Assert.True(killed.WasKilled, killed.ToString());

                await CatchUpAsync(service, isAsked: false);
                await AssertSoundAsync(service, before);
            }
        });

    [Fact]
    public async Task What_was_missed_before_the_service_ran_for_the_first_time_is_caught_up_once()
    {
        await using var service = await PrepareAsync();
        await service.AskAsync("UPDATE runs SET started_at = '2026-01-05T02:00:00.0000000Z'");
        await service.StartedAsync();
        await service.UntilAsync("SELECT count(*) FROM runs WHERE trigger = 'schedule' AND status = 'success'", "2"); // And its cleanup.
        await service.StopAsync();

        await service.StartedAsync();
        await service.StopAsync();
        Assert.Equal("backup,cleanup", await service.AskAsync("SELECT group_concat(kind) FROM runs WHERE trigger = 'schedule'"));
        Assert.Equal("0", await service.AskAsync("SELECT count(*) FROM queue"));
    }

    [Fact]
    public async Task A_sound_configuration_is_taken_over_and_one_with_problems_is_not()
    {
        await using var service = await PrepareAsync();
        await service.StartedAsync();

        service.Configure(Jobs(service, "sighup"));
        await service.SignalAsync("HUP");
        await service.UntilAsync("SELECT count(*) FROM schedules WHERE key LIKE 'sighup/%'", "1");
        service.Configure(Jobs(service, "changed"));
        await service.UntilAsync("SELECT count(*) FROM schedules WHERE key LIKE 'changed/%'", "1"); // By itself.

        service.Configure(Jobs(service, "broken") + "\n    colour: red\n    priority: high");
        await service.SignalAsync("HUP");
        service.Configure(Jobs(service, "mended"));
        await service.SignalAsync("HUP");
        await service.UntilAsync("SELECT count(*) FROM schedules WHERE key LIKE 'mended/%'", "1");
        service.Configure(Jobs(service, "broken") + "\n    colour: red\n    priority: high");
        await service.SignalAsync("HUP");
        await ServiceProcess.UntilAsync(async () => await service.HealthAsync() == "ok");

        var said = (await service.StopAsync()).Error;
        Assert.Equal("0", await service.AskAsync("SELECT count(*) FROM schedules WHERE key LIKE 'broken/%'"));
        Assert.Contains("The configuration has 2 problems, so the one before stays", said, StringComparison.Ordinal);
        Assert.Contains("colour", said, StringComparison.Ordinal);
        Assert.Contains("priority", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_that_runs_too_long_when_the_service_is_stopped_is_cancelled_and_begun_again_by_the_next()
    {
        await using var service = await PrepareAsync();
        (await ChildProcess.RunAsync(new ChildCommand("mkfifo", service["pipe"]))).Expect();
        service.Configure(Journal.Replace("CODE", service["code"], StringComparison.Ordinal)
            .Replace("seq 200000", $"cat {service["pipe"]}", StringComparison.Ordinal), "{ stop_wait: 1s }");
        await service.AskAsync("UPDATE runs SET started_at = '2026-01-05T02:00:00.0000000Z'");
        await service.StartedAsync();
        await service.UntilAsync("SELECT count(*) FROM runs WHERE status = 'in_progress'", "1");

        await service.StopAsync();
        Assert.Equal("cancelled", await service.AskAsync("SELECT status FROM runs WHERE trigger = 'schedule'"));
        Assert.Equal("journal|1", await service.AskAsync("SELECT job, begun_at IS NULL FROM queue"));
        Assert.Single((await service.Larder.JsonAsync("list")).EnumerateArray());

        service.Configure(Journal.Replace("CODE", service["code"], StringComparison.Ordinal));
        await CatchUpAsync(service, isAsked: false);
        Assert.Equal("1", await service.AskAsync("SELECT count(*) FROM runs WHERE trigger = 'schedule' AND kind = 'backup' AND status = 'success'"));
    }

    [Fact]
    public async Task Systemd_is_told_when_the_service_serves_lives_reads_its_configuration_again_and_ends()
    {
        await using var ear = new NotifyEar();
        await using var service = await PrepareAsync();
        service.Larder.Environment["NOTIFY_SOCKET"] = ear.Address;
        service.Larder.Environment["WATCHDOG_USEC"] = "900000";
        service.Start();

        Assert.StartsWith("READY=1\nSTATUS=1 job, idle; next: ", await ear.HearAsync(), StringComparison.Ordinal);
        Assert.Equal("ok", await service.HealthAsync());
        await ear.HearAsync("WATCHDOG=1\nSTATUS=1 job, ");

        service.Configure(Jobs(service, "added"));
        await service.SignalAsync("HUP");
        await ear.HearAsync("RELOADING=1");
        await ear.HearAsync("READY=1\nSTATUS=2 jobs, ");
        await ear.HearAsync("WATCHDOG=1");

        await service.SignalAsync("TERM");
        await ear.HearAsync("STOPPING=1");
        (await service.Child!.Completion).Expect();
    }

    [Fact]
    public async Task A_second_service_with_the_same_state_is_refused()
    {
        await using var service = await PrepareAsync();
        await service.StartedAsync();
        var second = (await service.Larder.RunAsync("serve", "--listen", "127.0.0.1:0")).Expect(11);
        Assert.Contains("LARDER-094", second.Error, StringComparison.Ordinal);
        await service.StopAsync();
    }

    private static string Jobs(ServiceProcess service, string more) =>
        Journal.Replace("CODE", service["code"], StringComparison.Ordinal) + "\n"
        + $"  {more}:\n    sources: {{ code: {{ files: {{ paths: [{service["code"]}] }} }} }}\n    schedule: \"0 3 * * *\"";

    /// <summary>An installation with one backup, made by hand just now.</summary>
    private static async Task<ServiceProcess> PrepareAsync()
    {
        var service = new ServiceProcess();
        service.Configure(Journal.Replace("CODE", service["code"], StringComparison.Ordinal));
        (await service.Larder.RunAsync("init")).Expect();
        (await service.Larder.RunAsync("backup")).Expect();
        return service;
    }

    /// <summary>Starts the service, has it do what was missed, and stops it.</summary>
    private static async Task CatchUpAsync(ServiceProcess service, bool isAsked = true)
    {
        if (isAsked)
        {
            await service.AskAsync("UPDATE runs SET started_at = '2026-01-05T02:00:00.0000000Z'");
        }
        await service.StartedAsync();
        await service.UntilAsync("SELECT count(*) FROM queue", "0");
        await service.StopAsync();
    }

    private static async Task AssertSoundAsync(ServiceProcess service, long before)
    {
        var since = $"FROM runs WHERE rowid > {before}";
        var history = await service.AskAsync($"SELECT kind, status, trigger, error_code, error_message {since}");

        // Nothing lost, nothing twice: one good backup for what was due, and one cleanup after it.
        Assert.True(await service.AskAsync($"SELECT count(*) {since} AND kind = 'backup' AND status = 'success'") == "1", history);
        Assert.True(await service.AskAsync($"SELECT count(*) {since} AND kind = 'cleanup' AND status = 'success'") == "1", history);

        // What else there is was interrupted, and says so.
        Assert.True(
            await service.AskAsync($"SELECT count(*) {since} AND status <> 'success' AND (status <> 'failed' OR error_code <> 'LARDER-002')") == "0",
            history);

        // What is green is there, and whole.
        var backup = await service.AskAsync($"SELECT backup_id {since} AND kind = 'backup' AND status = 'success'");
        Assert.Contains((await service.Larder.JsonAsync("list")).EnumerateArray(), each => each.GetProperty("backup_id").GetString() == backup);
        (await service.Larder.RunAsync("verify", backup, "--level", "content")).Expect();
    }
}
