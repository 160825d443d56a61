namespace Larder.Tests.Cli;

public sealed class InitTests
{
    [Fact]
    public async Task By_variables_alone_it_makes_the_password_and_does_not_first_miss_it()
    {
        await using var desk = await Desk.LaidAsync();
        File.Delete(desk["larder.yaml"]);
        desk.Variables["DATABASE_URL"] = $"sqlite:///{desk["journal.db"]}";
        desk.Variables["BACKUP_DIR"] = desk["backups"];
        desk.Variables["XDG_STATE_HOME"] = desk["state"];

        var warning = Assert.Single((await desk.ExpectAsync(0, "init")).Error.Split("WARNING: ", StringSplitOptions.RemoveEmptyEntries));

        Assert.StartsWith("The password of the repository was made", warning, StringComparison.Ordinal);
        Assert.Contains(desk["state/larder/repository.key"], warning, StringComparison.Ordinal);
        Assert.Empty((await desk.ExpectAsync(0, "init")).Error);
        await desk.ExpectAsync(0, "backup");
    }
}
