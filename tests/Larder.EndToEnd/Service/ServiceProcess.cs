using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Larder.Testing;

namespace Larder.EndToEnd.Service;

/// <summary>`larder serve` as the real program, with a configuration that the test writes, and its catalog looked into from outside.</summary>
internal sealed class ServiceProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    private readonly TemporaryFolder folder = new();
    private readonly HttpClient http = new();
    private readonly int port = FreePort();

    public ServiceProcess()
    {
        Larder = new LarderProcess { WorkingFolder = folder.FullPath };
        File.WriteAllText(folder["password"], "correct horse battery staple\n");
        File.SetUnixFileMode(folder["password"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.CreateDirectory(folder["code"]);
        File.WriteAllText(Path.Combine(folder["code"], "readme"), "hello");
    }

    public LarderProcess Larder { get; }

    public ChildProcess? Child { get; private set; }

    public string RepositoryFolder => folder["repository"];

    public string this[string name] => folder[name];

    /// <summary>Writes the configuration whole, as an editor does.</summary>
    /// <param name="jobs">YAML below `jobs:`.</param>
    /// <param name="serve">YAML below `serve:`.</param>
    public void Configure(string jobs, string serve = "{ stop_wait: 60s }")
    {
        File.WriteAllText(folder["new.yaml"], $$"""
            repositories: { local: { path: {{RepositoryFolder}}, password_file: {{folder["password"]}} } }
            state_directory: {{folder["state"]}}
            serve: {{serve}}
            jobs:
            {{jobs}}
            """);
        File.Move(folder["new.yaml"], folder["larder.yaml"], overwrite: true);
    }

    public void Start() => Child = Larder.Start("serve", "--listen", $"127.0.0.1:{port}");

    /// <summary>Starts it and waits until it says that all is well.</summary>
    public async Task StartedAsync()
    {
        Start();
        await UntilAsync(async () => Child!.Completion.IsCompleted
            ? throw new TestFailedException((await Child.Completion).ToString())
            : await HealthAsync() == "ok");
    }

    /// <summary>The status of /healthz; null while nobody answers.</summary>
    public async Task<string?> HealthAsync()
    {
        try
        {
            using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/healthz"), TestContext.Current.CancellationToken);
            using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            var status = document.RootElement.GetProperty("status").GetString();
            Assert.Equal(status == "ok" ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            return status;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    public async Task SignalAsync(string signal) =>
        (await ChildProcess.RunAsync(new ChildCommand("kill", $"-{signal}", $"{Child!.Id}"))).Expect();

    /// <summary>Stops it as systemd does; it must end well.</summary>
    public async Task<ChildResult> StopAsync()
    {
        await SignalAsync("TERM");
        return (await Child!.Completion).Expect();
    }

    /// <summary>One value of the catalog; the first line of what sqlite3 answers.</summary>
    public async Task<string> AskAsync(string sql) =>
        (await ChildProcess.RunAsync(new ChildCommand("sqlite3", "-cmd", ".timeout 10000", Path.Combine(folder["state"], "catalog.db"), sql)))
        .Expect().Output.Trim();

    public Task UntilAsync(string sql, string expected) => UntilAsync(async () => await AskAsync(sql) == expected);

    public static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await isSo())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Patience, "It did not come to be so in time.");
            await Task.Delay(LookInterval, TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Child is not null)
        {
            await Child.DisposeAsync();
        }
        http.Dispose();
        await Larder.DisposeAsync();
        await folder.DisposeAsync();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
