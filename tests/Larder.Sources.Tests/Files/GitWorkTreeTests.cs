using Larder.Sources.Files;

namespace Larder.Sources.Tests.Files;

public sealed class GitWorkTreeTests
{
    private const string Begin =
        "git init -q -b trunk code; cd code; git config user.name n; git config user.email e@example.org; "
        + "echo 1 >f; git add f; git commit -qm first; ";

    [Theory]
    [InlineData("true", "code", "trunk", false)]
    [InlineData("echo 2 >f", "code", "trunk", true)]
    [InlineData("echo new >untracked", "code/f", "trunk", true)]
    [InlineData("git pack-refs --all", "code", "trunk", false)]
    [InlineData("git checkout -q --detach", "code", null, false)]
    [InlineData("git checkout -q -b feature/x; git pack-refs --all; mkdir sub", "code/sub", "feature/x", false)]
    [InlineData("git worktree add -q ../tree -b other; git pack-refs --all", "tree", "other", false)]
    [InlineData("git worktree add -q ../tree -b other", "tree", "other", false)]
    public async Task Commit_branch_and_changes_are_known(string script, string path, string? branch, bool isDirty)
    {
        using var folder = new TestFolder();
        await folder.ShellAsync(Begin + script);
        var commit = await folder.ShellAsync("git -C code rev-parse HEAD");

        await using var session = await new FilesSource(new FilesSettings { Paths = ["/tmp", folder[path]] }).OpenAsync(default);

        var found = session.Description;
        Assert.Equal((commit.Trim(), branch, isDirty), (found.GitCommit, found.GitBranch, found.GitDirty));
    }

    [Fact]
    public async Task A_folder_of_somebody_else_has_commit_and_branch_though_git_refuses_it()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync(Begin + "chown -R 1234:1234 .");

        var found = GitWorkTree.Find([folder["code"]])!;

        Assert.Equal(("trunk", 40), (found.Branch, found.Commit!.Length));
        Assert.Null(await found.IsDirtyAsync(default));
    }

    [Fact]
    public async Task A_head_that_is_a_pipe_or_points_outside_holds_nobody_up()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync("mkdir -p pipe/.git climb/.git; mkfifo pipe/.git/HEAD; "
            + "echo 'ref: refs/../../../../etc/passwd' >climb/.git/HEAD");

        Assert.Null(GitWorkTree.Find([folder["pipe"]]));
        Assert.Null(GitWorkTree.Find([folder["climb"]])!.Commit);
    }

    [Fact]
    public async Task A_work_tree_without_a_commit_has_a_branch_only()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync("git init -q -b trunk code");

        var found = GitWorkTree.Find([folder["code"]])!;

        Assert.Equal((null, "trunk"), (found.Commit, found.Branch));
    }
}
