using System.Text.Json;
using Larder.Testing;

namespace Larder.EndToEnd;

/// <summary>
/// The real program restores a database and a folder in place, and is killed at every step of it, while somebody reads.
/// </summary>
public sealed class RestoreKillTests
{
    // All of them in `make soak`; in `make test` a share that fits its time.
    private static readonly int Rounds = Environment.GetEnvironmentVariable("LARDER_SOAK") == "1" ? 300 : 20;

    // A restore of these two parts notes about so many lines: a kill after each of them, and beyond.
    private const int LinesMax = 18;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public Task Kill_nine_at_any_step_of_a_restore_leaves_after_the_next_start_all_as_before_or_all_as_after() =>
        SeededRandom.RunAsync(async random =>
        {
            await using var desk = await Desk.CreateAsync();
            var (before, after, rolledBack) = (0, 0, 0);
            for (var round = 0; round < Rounds; round++)
            {
                await desk.WriteAsync($"before {round}");
                using var reading = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
                var reader = desk.ReadUntilAsync([$"before {round}", Desk.BackedUp], reading.Token);
                var killed = await desk.RestoreAndKillAsync(round % LinesMax, random);

                (await desk.Larder.RunAsync("restore", "--resume")).Expect();

                await reading.CancelAsync();
                await reader;
                var found = await desk.ReadAsync();
                Assert.Equal(found.Page, found.Row);
                Assert.True(desk.IsRunning, "The service was left stopped.");
                if (found.Page == Desk.BackedUp)
                {
                    after++;
                    (await desk.Larder.RunAsync("rollback", "--confirm")).Expect();
                    found = await desk.ReadAsync();
                    rolledBack++;
                }
                else
                {
                    Assert.True(killed, "A restore that ended well restored nothing.");
                    before++;
                }
                Assert.Equal(($"before {round}", $"before {round}"), found);
                await desk.EnsureNothingUnfinishedAsync();
            }
            Assert.True(before > 0 && after > 0, $"{before} were undone and {after} done: the kills hit one side only.");
            Assert.Equal(after, rolledBack);
        });

    private sealed class Desk : IAsyncDisposable
    {
        public const string BackedUp = "backed up";

        private readonly TemporaryFolder folder = new();

        private Desk() => Larder = new LarderProcess { WorkingFolder = folder.FullPath };

        public LarderProcess Larder { get; }

        /// <summary>Whether the service was started last.</summary>
        public bool IsRunning => File.Exists(folder["running"]);

        private string Page => Path.Combine(folder["site"], "page.html");

        private string Database => Path.Combine(folder["data"], "app.db");

        private string Journals => Path.Combine(folder["state"], "restores");

        public static async Task<Desk> CreateAsync()
        {
            var desk = new Desk();
            desk.folder.Make("site");
            desk.folder.Make("data");
            await File.WriteAllTextAsync(
                desk.folder["larder.yaml"],
                $$"""
                state_directory: {{desk.folder["state"]}}
                repositories: { local: { path: {{desk.folder["repository"]}}, password: correct-horse } }
                jobs:
                  app:
                    sources:
                      db: { sqlite: { path: {{desk.Database}} } }
                      site: { files: { paths: [{{desk.folder["site"]}}] } }
                    service:
                      stop: rm -f {{desk.folder["running"]}}
                      start: touch {{desk.folder["running"]}}
                      healthy: test -e {{desk.folder["running"]}}
                """,
                Cancellation);
            File.SetUnixFileMode(desk.folder["larder.yaml"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
            await File.WriteAllTextAsync(desk.folder["running"], "", Cancellation);
            (await desk.SqliteAsync("CREATE TABLE t(a)")).Expect();
            (await desk.SqliteAsync("INSERT INTO t VALUES('')")).Expect();
            await desk.WriteAsync(BackedUp);
            (await desk.Larder.RunAsync("init")).Expect();
            (await desk.Larder.RunAsync("backup")).Expect();
            return desk;
        }

        public async Task WriteAsync(string text)
        {
            (await SqliteAsync($"UPDATE t SET a = '{text}'")).Expect();
            await File.WriteAllTextAsync(Page, text, Cancellation);
        }

        public async Task<(string Page, string Row)> ReadAsync() =>
            (await File.ReadAllTextAsync(Page, Cancellation), (await SqliteAsync("SELECT a FROM t")).Expect().Output.Trim());

        /// <summary>Reads the page again and again: at every moment it is there, and one of these.</summary>
        public Task ReadUntilAsync(IReadOnlyList<string> allowed, CancellationToken until) => Task.Run(
            () =>
            {
                while (!until.IsCancellationRequested)
                {
                    Assert.Contains(File.ReadAllText(Page), allowed);
                }
            },
            Cancellation);

        /// <summary>Restores in place, killed as soon as the journal has so many lines, or a little later.</summary>
        /// <returns>False where it had ended before.</returns>
        public async Task<bool> RestoreAndKillAsync(int lines, Random random)
        {
            var known = Directory.Exists(Journals) ? Directory.GetFiles(Journals, "*.jsonl").ToHashSet() : [];
            await using var restore = Larder.Start("restore", "latest", "--confirm");
            // Who writes to a journal holds it locked, so it is only looked at from outside: each line makes it longer.
            for (var (seen, length) = (0, 0L); !restore.Completion.IsCompleted && seen <= lines; await Task.Yield())
            {
                var now = Length(known);
                (seen, length) = now == length ? (seen, length) : (seen + 1, now);
            }
            var result = await restore.KillAfterAsync(TimeSpan.FromMilliseconds(random.Next(4)), TimeProvider.System);
            if (!result.WasKilled)
            {
                result.Expect();
            }
            return result.WasKilled;
        }

        public async Task EnsureNothingUnfinishedAsync()
        {
            foreach (var journal in Directory.GetFiles(Journals, "*.jsonl"))
            {
                var last = (await File.ReadAllLinesAsync(journal, Cancellation))[^1];
                Assert.True(JsonDocument.Parse(last).RootElement.TryGetProperty("end", out _), $"{journal} ends with {last}");
            }
            Assert.DoesNotContain(
                Directory.EnumerateFileSystemEntries(folder.FullPath, "*", SearchOption.AllDirectories),
                path => path.EndsWith(".unfinished", StringComparison.Ordinal));
        }

        public async ValueTask DisposeAsync()
        {
            await Larder.DisposeAsync();
            await folder.DisposeAsync();
        }

        private long Length(HashSet<string> known) => !Directory.Exists(Journals)
            ? 0
            : Directory.GetFiles(Journals, "*.jsonl").Where(path => !known.Contains(path)).Select(path => new FileInfo(path).Length)
                .FirstOrDefault();

        private Task<ChildResult> SqliteAsync(string sql) =>
            ChildProcess.RunAsync(new ChildCommand("sqlite3", "-batch", "-cmd", ".timeout 5000", Database, sql), Cancellation);
    }
}
