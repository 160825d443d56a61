using System.Diagnostics;
using System.Text.Json;
using Larder.Repository.Crypto;

namespace Larder.Repository.Tests.Crypto;

/// <summary>A repository that real restic made opens here.</summary>
[Trait("Kind", "campaign")]
public sealed class ResticKeyTests : IDisposable
{
    private const string Restic = "/usr/bin/restic";
    private const int BytesMax = 1 << 20;

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("larder-restic-key-");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Key_config_index_and_snapshot_of_restic_open(int version)
    {
        Assert.SkipUnless(File.Exists(Restic), "restic is not installed.");
        await RunAsync("init", "--repository-version", $"{version}");
        await RunAsync("backup", "--host", "here", Path.Combine(folder.FullName, "config"));

        var json = await File.ReadAllBytesAsync(OnlyFile("keys"), TestContext.Current.CancellationToken);
        var keyFile = KeyFile.Parse(json);
        Assert.Null(keyFile.TryOpen("y"));
        using var key = keyFile.TryOpen("x");
        Assert.NotNull(key);
        Assert.NotEqual(default, keyFile.Created);
        Assert.NotEmpty(keyFile.Hostname);

        var config = await DecodeAsync(key, Path.Combine(folder.FullName, "config"));
        Assert.Equal(version, config.GetProperty("version").GetInt32());
        Assert.Equal("here", (await DecodeAsync(key, OnlyFile("snapshots"))).GetProperty("hostname").GetString());
        Assert.True((await DecodeAsync(key, OnlyFile("index"))).GetProperty("packs").GetArrayLength() >= 1);
    }

    [Fact]
    public async Task Restic_opens_a_key_file_of_ours()
    {
        Assert.SkipUnless(File.Exists(Restic), "restic is not installed.");
        await RunAsync("init");
        var path = OnlyFile("keys");
        using var key = KeyFile.Parse(await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken)).TryOpen("x");
        Assert.NotNull(key);

        var ours = KeyFile.Create(key, "x", "rööt", "host", DateTimeOffset.UnixEpoch, ScryptCost.ForTests).ToJson();
        File.Delete(path);
        await File.WriteAllBytesAsync(
            Path.Combine(folder.FullName, "keys", Hash256.Of(ours).ToString()), ours, TestContext.Current.CancellationToken);
        Assert.Contains("chunker_polynomial", await RunAsync("cat", "config"), StringComparison.Ordinal);
        Assert.Contains("rööt", await RunAsync("key", "list"), StringComparison.Ordinal);
    }

    private static async Task<JsonElement> DecodeAsync(RepositoryKey key, string path)
    {
        var box = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        using var document = JsonDocument.Parse(UnpackedFile.Decode(key, box, BytesMax));
        return document.RootElement.Clone();
    }

    private string OnlyFile(string kind) => Assert.Single(Directory.GetFiles(Path.Combine(folder.FullName, kind)));

    private async Task<string> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Restic, ["-q", "--no-cache", "-r", folder.FullName, .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        start.Environment["RESTIC_PASSWORD"] = "x";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await errors);
        return await output;
    }

    public void Dispose() => folder.Delete(recursive: true);
}
