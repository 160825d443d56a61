using System.Globalization;
using System.Text.Json;
using Larder.Testing;
using Larder.Testing.Servers;

namespace Larder.EndToEnd.Servers;

/// <summary>
/// A desk with one good backup, at which everything then goes wrong. After each failure the program has said so with a number, without a
/// secret, in its exit status and in its history, and the good backup is still the only one, also for retention.
/// </summary>
internal sealed class FailureBench : IAsyncDisposable
{
    private readonly ServerDesk desk;
    private readonly string good;
    private readonly List<string> secrets;

    private FailureBench(ServerDesk desk, string good, IEnumerable<string> secrets)
    {
        this.desk = desk;
        this.good = good;
        this.secrets = [ServerDesk.RepositoryPassword, .. secrets];
    }

    public LarderProcess Larder => desk.Larder;

    public string this[string name] => desk[name];

    public string Url
    {
        set => desk.Url = value;
    }

    /// <param name="engine">The key of the source.</param>
    /// <param name="settings">More keys of the engine, each after a comma.</param>
    /// <param name="url">A small database, of which the good backup is made.</param>
    /// <param name="secrets">What may never be said.</param>
    public static async Task<FailureBench> CreateAsync(string engine, string settings, string url, params IEnumerable<string> secrets)
    {
        var desk = await ServerDesk.CreateAsync(engine, url, settings, job: "keep: { last: 1 }");
        var backup = await desk.BackUpAsync();
        return new FailureBench(desk, backup.GetProperty("backup_id").GetString()!, secrets);
    }

    /// <summary>Runs a backup that must fail with this error, and returns the error's message.</summary>
    public async Task<string> FailAsync(string code) => await AssertFailedAsync(await Larder.RunAsync("--json", "backup", "app"), code);

    /// <summary>Holds the backup once so many bytes have come through the proxy, disturbs it there, and lets it go on.</summary>
    public async Task<string> FailInTheMiddleAsync(string code, HoldingProxy proxy, long bytes, Func<Task> disturb)
    {
        var held = proxy.HoldAfter(bytes);
        await using var running = Larder.Start("--json", "backup", "app");
        if (held != await Task.WhenAny(held, running.Completion))
        {
            Assert.Fail($"The backup ended before its middle: {await running.Completion}");
        }
        await disturb();
        proxy.Release();
        return await AssertFailedAsync(await running.Completion, code);
    }

    /// <summary>Runs a backup whose repository has room for so many kibibytes more.</summary>
    public async Task FailOnFullDiskAsync(int kibibytes)
    {
        var (repository, aside) = (desk["repository"], desk["repository-aside"]);
        var used = (await ShellAsync($"du -sk '{repository}'")).Output.Split('\t')[0];
        var size = int.Parse(used, CultureInfo.InvariantCulture) + kibibytes;
        Directory.Move(repository, aside);
        Directory.CreateDirectory(repository);
        var mounted = await ChildProcess.RunAsync(new("mount", "-t", "tmpfs", "-o", $"size={size}k,mode=0700", "tmpfs", repository));
        try
        {
            Assert.SkipUnless(mounted.ExitStatus == 0, $"Mounting a small file system needs root: {mounted.Error}");
            await ShellAsync($"cp -a '{aside}/.' '{repository}/'");
            await FailAsync("LARDER-054");
        }
        finally
        {
            await ChildProcess.RunAsync(new("umount", repository));
            Directory.Delete(repository, recursive: true);
            Directory.Move(aside, repository);
        }
    }

    /// <summary>Puts a script in the place of a program of PATH while something runs; in it, $real is that program.</summary>
    public async Task WithProgramAsync(string name, string script, Func<Task> act)
    {
        var folder = Directory.CreateDirectory(desk["tools"]).FullName;
        var path = Path.Combine(folder, name);
        var real = (await ShellAsync($"command -v {name}")).Output.Trim();
        await File.WriteAllTextAsync(path, $"#!/bin/sh\nreal={real}\n{script}\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Larder.Environment["PATH"] = $"{folder}:{Environment.GetEnvironmentVariable("PATH")}";
        try
        {
            await act();
        }
        finally
        {
            Larder.Environment.Remove("PATH");
        }
    }

    /// <summary>Changes the configuration while something runs.</summary>
    public async Task WithConfigurationAsync(string part, string other, Func<Task> act)
    {
        var configuration = await File.ReadAllTextAsync(desk["larder.yaml"], TestContext.Current.CancellationToken);
        Assert.Contains(part, configuration, StringComparison.Ordinal);
        await File.WriteAllTextAsync(
            desk["larder.yaml"], configuration.Replace(part, other, StringComparison.Ordinal), TestContext.Current.CancellationToken);
        try
        {
            await act();
        }
        finally
        {
            await File.WriteAllTextAsync(desk["larder.yaml"], configuration, TestContext.Current.CancellationToken);
        }
    }

    public static async Task<ChildResult> ShellAsync(string script) => (await ChildProcess.RunAsync(new("sh", "-ec", script))).Expect();

    public ValueTask DisposeAsync() => desk.DisposeAsync();

    private async Task<string> AssertFailedAsync(ChildResult said, string code)
    {
        AssertKeepsSecrets(said.Expect(1));
        var error = JsonDocument.Parse(said.OutputBytes).RootElement.GetProperty("error");
        Assert.True(error.GetProperty("code").GetString() == code, error.GetRawText());
        var message = error.GetProperty("message").GetString()!;
        Assert.EndsWith(".", message, StringComparison.Ordinal);
        Assert.NotEmpty(error.GetProperty("hint").GetString()!);

        var history = (await Larder.RunAsync("--json", "runs", "--kind", "backup", "--limit", "1")).Expect();
        AssertKeepsSecrets(history);
        var run = JsonDocument.Parse(history.OutputBytes).RootElement[0];
        Assert.Equal("failed", run.GetProperty("status").GetString());
        Assert.Equal(1, run.GetProperty("exit_status").GetInt32());
        Assert.Equal(code, run.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(JsonValueKind.Null, run.GetProperty("backup_id").ValueKind);

        var listed = await Larder.JsonAsync("list");
        Assert.Equal([good], listed.EnumerateArray().Select(backup => backup.GetProperty("backup_id").GetString()));
        var cleanup = await Larder.JsonAsync("cleanup", "--dry-run");
        Assert.Equal(0, cleanup.GetProperty("removals").GetInt32());
        Assert.Contains(good[..8], cleanup.GetRawText(), StringComparison.Ordinal);
        return message;
    }

    private void AssertKeepsSecrets(ChildResult said) =>
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, said.Output + said.Error, StringComparison.Ordinal));
}
