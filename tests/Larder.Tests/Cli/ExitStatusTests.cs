using Larder.Testing;

namespace Larder.Tests.Cli;

public sealed class ExitStatusTests
{
    [Fact]
    public async Task Where_there_is_no_repository_it_is_10()
    {
        await using var desk = await Desk.LaidAsync();

        Assert.Contains("larder init", (await desk.ExpectAsync(10, "list", "--repository", "local")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_wrong_password_it_is_12()
    {
        await using var desk = await Desk.LaidAsync();
        await desk.InitAsync();
        await desk.ConfigureAsync(Desk.Usual.Replace("correct-horse", "wrong-horse", StringComparison.Ordinal));

        var said = await desk.ExpectAsync(12, "backup");

        Assert.Contains("\"local\"", said.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-horse", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_something_was_left_out_it_is_3()
    {
        await using var desk = await Desk.LaidAsync(
            """
            state_directory: {0}/state
            repositories: { local: { path: {0}/repository, password: correct-horse-9d41 } }
            jobs: { silent: { sources: { out: { command: { run: "true", name: out.txt } } } } }
            """);
        await desk.InitAsync();

        var said = await desk.ExpectAsync(3, "backup", "--json");

        Assert.Equal("partial", said.Json.GetProperty("status").GetString());
        Assert.Equal(1, said.Json.GetProperty("warnings").GetArrayLength());
        Assert.Contains("WARNING:", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restore_without_confirmation_is_refused_with_4_and_a_dry_run_is_not()
    {
        await using var desk = await Desk.LaidAsync();
        await desk.InitAsync();
        await desk.ExpectAsync(0, "backup");

        var refused = await desk.ExpectAsync(4, "restore", "latest", "--target", desk["back"]);
        await desk.ExpectAsync(0, "restore", "latest", "--target", desk["back"], "--dry-run", "--confirm");

        Assert.Contains("--confirm", refused.Error, StringComparison.Ordinal);
        Assert.Contains("needs", refused.Output, StringComparison.Ordinal);
        Assert.False(Path.Exists(desk["back"]));
        await desk.ExpectAsync(0, "restore", "latest", "--target", desk["back"], "--confirm");
        Assert.NotEmpty(Directory.GetFiles(desk["back"], "main.py", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Damage_that_verification_finds_is_5()
    {
        await using var desk = await Desk.LaidAsync();
        await desk.InitAsync();
        await desk.ExpectAsync(0, "backup");
        var pack = Directory.GetFiles(desk["repository/data"], "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First();
        File.SetUnixFileMode(pack, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using (var file = new FileStream(pack, FileMode.Open, FileAccess.ReadWrite))
        {
            var first = file.ReadByte();
            file.Position = 0;
            file.WriteByte((byte)(first ^ 1));
        }

        var said = await desk.ExpectAsync(5, "verify", "--level", "data", "--repository", "local", "--json");

        Assert.Equal("failed", said.Json.GetProperty("status").GetString());
        Assert.NotEqual(0, said.Json.GetProperty("errors").GetArrayLength());
    }

    [Fact]
    public async Task A_storage_that_comes_later_is_refused_by_its_name_with_2()
    {
        await using var desk = await Desk.LaidAsync(
            """
            repositories: { far: { rclone: { remote: "drive:backups" }, password: correct-horse-9d41 } }
            jobs: { journal: { sources: { code: { files: { paths: [{0}/code] } } } } }
            """);

        Assert.Contains("Repository \"far\" is of kind \"rclone\"", (await desk.ExpectAsync(2, "init")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_failure_of_a_dry_run_is_told_and_fails()
    {
        await using var desk = await Desk.LaidAsync();
        File.Delete(desk["journal.db"]);

        var said = await desk.ExpectAsync(1, "backup", "--dry-run");

        Assert.Contains("no database", said.Output, StringComparison.Ordinal);
        Assert.Contains("code", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repository_that_somebody_has_locked_is_11()
    {
        await using var desk = await Desk.LaidAsync();
        await desk.InitAsync();
        await desk.ExpectAsync(0, "backup");
        await using var larder = new LarderProcess { WorkingFolder = desk["code"] };
        await desk.ConfigureAsync(Desk.Usual + "\n  slow: { sources: { out: { command: { run: \"touch {0}/started; sleep 60\", name: out.txt } } }, to: [local] }\n");
        await using var holder = larder.Start("--config", desk["larder.yaml"], "backup", "slow");
        await Files.AppearAsync(desk["started"], holder.Completion);

        var said = await desk.ExpectAsync(11, "repair", "index", "--repository", "local", "--lock-wait", "0");

        Assert.Contains("LARDER-045", said.Error, StringComparison.Ordinal);
        holder.Kill();
    }
}
