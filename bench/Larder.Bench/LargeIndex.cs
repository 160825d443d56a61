using System.Diagnostics;
using System.Text.Json.Nodes;
using Larder.Repository;
using Larder.Repository.Storage;

namespace Larder.Bench;

/// <summary>The index of a repository with very many blobs: put into a repository that restic made, and loaded again.</summary>
internal static class LargeIndex
{
    public static async Task GenerateAsync(string folder, string password, long blobs, ulong seed)
    {
        using var repository = await OpenAsync(folder, password);
        foreach (var json in IndexText.Make(blobs, seed))
        {
            await repository.StoreUnpackedAsync(FileKind.Index, json.ToArray(), CancellationToken.None);
        }
    }

    /// <summary>
    /// Prints how long loading took, key derivation not counted, and what the index holds in memory by the collector's account.
    /// </summary>
    public static async Task MeasureAsync(string folder, string password)
    {
        using var repository = await OpenAsync(folder, password);
        var heapBefore = GC.GetTotalMemory(forceFullCollection: true);
        var began = Stopwatch.GetTimestamp();
        var index = await repository.LoadIndexAsync(CancellationToken.None);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await Task.Yield(); // The frames that still name the last file's buffers are gone then.
        var heapBytes = GC.GetTotalMemory(forceFullCollection: true) - heapBefore;
        var result = new JsonObject
        {
            ["seconds"] = Math.Round(seconds, 3),
            ["blobs"] = index.BlobCount,
            ["bytes_per_blob"] = Math.Round((double)heapBytes / index.BlobCount, 2),
            ["own_bytes_per_blob"] = Math.Round((double)index.MemoryBytes / index.BlobCount, 2),
        };
        Console.WriteLine(result.ToJsonString());
        GC.KeepAlive(index);
    }

    private static Task<Repository.Repository> OpenAsync(string folder, string password) =>
        Repository.Repository.OpenAsync(new LocalStorage(folder), password, new RepositoryOptions(), CancellationToken.None);
}
