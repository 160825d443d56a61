using Larder.Repository.Chunking;
using Larder.Repository.Storage;
using Larder.Repository.Tests.Index;
using Larder.Repository.Writing;
using Larder.Testing;

namespace Larder.Repository.Tests.Writing;

/// <summary>Alone, because the managed heap is everybody's.</summary>
[Collection(nameof(AloneOnTheHeap))]
[Trait("Kind", "campaign")]
public sealed class BoundedMemoryTests
{
    [Fact]
    public async Task A_stream_of_300_MB_passes_through_bounded_memory()
    {
        using var folder = new TemporaryFolder();
        using var storage = new LocalStorage(folder["repository"]);
        await storage.PrepareAsync(CancellationToken.None);
        using var repository = await Repository.CreateAsync(storage, Backups.Password, Backups.Options, CancellationToken.None);
        await using var writer = await RepositoryWriter.BeginAsync(repository, CancellationToken.None);
        await using var intake = new ContentIntake([writer], 0);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var stream = new EndlessNoise(bytes: 300_000_000);

        var content = await intake.StoreAsync(stream, repository.CreateChunker(ChunkSizes.Around(64 << 10)), CancellationToken.None);
        await intake.CompleteAsync(CancellationToken.None);

        Assert.Equal(300_000_000, (await content.Completion).Bytes);
        Assert.InRange(stream.PeakMemoryBytes - before, 0, 120_000_000);
    }
}
