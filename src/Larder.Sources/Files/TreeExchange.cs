using System.Text;
using Larder.Sources.Exchanges;
using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>
/// Exchanges folders and files for those that were restored beside them, each by one exchange of names (<c>renameat2</c>): who looks at
/// the live path finds the whole old one or the whole new one. Where the file system has no such call, two renames, between which there
/// is nothing; the record then says <see cref="SiblingNames.TwoRenames"/>.
/// </summary>
/// <remarks>
/// What is restored is written to each <see cref="ExchangePart.Beside"/>, brought to disk, and then declared whole by
/// <see cref="MarkWhole"/>. Without that it is never exchanged.
/// </remarks>
public sealed class TreeExchange : IExchange
{
    private readonly SiblingNames names;

    /// <param name="record">From <see cref="Plan"/>, or read again from the journal.</param>
    /// <param name="afterCall">Told of each call that has changed something; what it throws ends the operation there.</param>
    public TreeExchange(ExchangeRecord record, Action<string>? afterCall = null) => names = new SiblingNames(record.Parts, afterCall);

    /// <summary>
    /// Plans the exchange of folders and files. Symlinks at the end of a path are followed: what they lead to is exchanged. Fails with
    /// <see cref="SourceException"/> where <see cref="WhyNot"/> has a reason, and where one of the paths lies inside another one.
    /// </summary>
    /// <param name="live">Absolute paths, and what shall stand there afterwards: a folder, or something else.</param>
    /// <param name="token">From <see cref="ExchangeNames.TokenOf"/>.</param>
    /// <param name="engine"><c>files</c> or <c>command</c>.</param>
    public static ExchangeRecord Plan(IEnumerable<(string Path, bool IsFolder)> live, string token, string engine = "files")
    {
        var resolved = live.Select(one => (Path: LivePath.Resolve(one.Path), one.IsFolder)).ToList();
        RefuseNested([.. resolved.Select(one => one.Path)]);
        foreach (var (path, _) in resolved)
        {
            if (WhyNot(path) is { } reason)
            {
                throw new SourceException(SourceError.TargetFailed, $"{path} cannot be exchanged: {reason}.");
            }
        }
        try
        {
            List<ExchangePart> parts = [.. resolved.Select(one => SiblingNames.Plan(one.Path, one.IsFolder ? "folder" : "file", token))];
            return new ExchangeRecord
            {
                Engine = engine,
                Target = string.Join(", ", resolved.Select(one => one.Path)),
                IsAtomic = parts is [{ Detail: null }],
                Parts = parts,
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SiblingNames.Describe("The exchange cannot be planned", e);
        }
    }

    /// <summary>
    /// Why the folder or file at a path cannot be exchanged, as half a sentence, so that it must be written over file by file; null where
    /// it can. A mount point, a folder that may not be written, another one mounted inside.
    /// </summary>
    public static string? WhyNot(string path) => LivePath.WhyNot(path);

    /// <summary>
    /// Takes over into what was restored whatever stands in the live folder and not in it: what the backup leaves out. What the backup
    /// has wins. Before <see cref="MarkWhole"/>, once; broken off, the restored folder must be made anew. Fails with
    /// <see cref="SourceException"/>.
    /// </summary>
    /// <param name="live">Read and not changed, though its files get one more name each.</param>
    /// <param name="beside">On the same file system.</param>
    /// <param name="cancellationToken">Looked at for each name.</param>
    public static Task<CarriedOver> CarryOverAsync(string live, string beside, CancellationToken cancellationToken) =>
        Task.Run(() => new CarryOver(cancellationToken).Run(live, beside), cancellationToken);

    /// <summary>
    /// Declares that all of what was restored lies beside, whole and on disk, durably. Again after each change to it. Fails with
    /// <see cref="SourceException"/>.
    /// </summary>
    public void MarkWhole() => Try("What was restored cannot be marked as whole", names.MarkWhole);

    public Task<ExchangeState> LookAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var state = ExchangeState.Untouched;
        Try("The state of the exchange cannot be told", () => state = names.Look());
        return Task.FromResult(state);
    }

    public async Task ExchangeAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (await LookAsync(cancellationToken) == ExchangeState.Untouched)
        {
            throw new InvalidOperationException($"Nothing whole lies beside {names.Parts[0].Live}.");
        }
        var current = names.Parts[0];
        try
        {
            RefuseMounts();
            foreach (var part in names.Parts)
            {
                current = part;
                await names.PutLiveAsync(part);
            }
            names.FlushFolders();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SourceException)
        {
            await PutBackWhatCanBeAsync();
            throw e as SourceException ?? SiblingNames.Describe($"{current.Live} cannot be exchanged for what was restored", e);
        }
    }

    public async Task UndoAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var part in names.Parts.Reverse())
        {
            try
            {
                await names.PutBackAsync(part);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw SiblingNames.Describe($"What stood at {part.Live} before the restore cannot be put back", e);
            }
        }
        Try("What was put back cannot be brought to disk", names.FlushFolders);
    }

    public Task ForgetAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.Run(
            () => Try($"What lies beside {names.Parts[0].Live} cannot be removed", () => names.Forget(Remove)), CancellationToken.None);
    }

    private static void Remove(string path)
    {
        var error = FolderRemoval.RemoveAny(Libc.AtFdCwd, LibcFiles.Terminate(Encoding.UTF8.GetBytes(path)));
        if (error is not (0 or LibcError.NotFound))
        {
            throw TargetFailure.At(new EntryPath(path), "What is not needed any more cannot be removed", error);
        }
    }

    private async Task PutBackWhatCanBeAsync()
    {
        foreach (var part in names.Parts.Reverse())
        {
            try
            {
                await names.PutBackAsync(part);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue; // The first failure is the one to report; where things are, a look tells.
            }
        }
    }

    private void RefuseMounts()
    {
        foreach (var part in names.Parts.Where(part => part.Old is not null && names.LookAt(part) == ExchangeState.Beside))
        {
            if (LivePath.FindMountsBelow(part.Live) is [var mounted, ..])
            {
                throw new SourceException(
                    SourceError.TargetBusy, $"{part.Live} cannot be exchanged: another file system was mounted below it, at {mounted}.");
            }
        }
    }

    private static void RefuseNested(List<string> paths)
    {
        for (var i = 0; i < paths.Count; i++)
        {
            for (var j = 0; j < paths.Count; j++)
            {
                if (i != j && (paths[i] + "/").StartsWith(paths[j] + "/", StringComparison.Ordinal))
                {
                    throw new SourceException(
                        SourceError.TargetFailed, $"{paths[i]} cannot be exchanged together with {paths[j]}, because it lies in it.");
                }
            }
        }
    }

    private static void Try(string what, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SiblingNames.Describe(what, e);
        }
    }
}
