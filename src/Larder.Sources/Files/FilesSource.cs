using System.Text;
using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>Folders and files of this machine, each file read on its own. See the README of this folder for what is promised.</summary>
public sealed class FilesSource : ISource
{
    private readonly FilesSettings settings;
    private readonly PathPlan plan;

    /// <summary>Fails with <see cref="ArgumentException"/> where a path is relative; the caller resolves those.</summary>
    public FilesSource(FilesSettings settings)
    {
        this.settings = settings;
        plan = PathPlan.From(settings.Paths);
    }

    public string Engine => "files";

    public Task<SourceProbe> ProbeAsync(CancellationToken cancellationToken)
    {
        ConfirmPathsExist();
        return Task.FromResult(new SourceProbe());
    }

    public async Task<ISourceSession> OpenAsync(CancellationToken cancellationToken)
    {
        ConfirmPathsExist();
        var git = GitWorkTree.Find(settings.Paths);
        var description = new SourceDescription
        {
            Engine = Engine,
            Paths = settings.Paths,
            Consistency = "per file",
            GitCommit = git?.Commit,
            GitBranch = git?.Branch,
            GitDirty = git is null ? null : await git.IsDirtyAsync(cancellationToken),
        };
        return new FilesSession(settings, plan, description);
    }

    private void ConfirmPathsExist()
    {
        foreach (var path in settings.Paths)
        {
            var error = -LibcFiles.Stat(Libc.AtFdCwd, LibcFiles.Terminate(Encoding.UTF8.GetBytes(path)), out _);
            if (error is LibcError.NotFound or LibcError.NotDirectory)
            {
                throw new SourceException(SourceError.NotFound, $"The path \"{path}\" does not exist.");
            }
            if (error != 0)
            {
                throw new SourceException(
                    error is LibcError.AccessDenied or LibcError.NotPermitted ? SourceError.PermissionDenied : SourceError.Unreachable,
                    $"The path \"{path}\" cannot be looked at: {LibcError.Describe(error)}.");
            }
        }
    }
}
