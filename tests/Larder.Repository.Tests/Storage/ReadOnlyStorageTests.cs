using System.Buffers;
using Larder.Repository.Storage;

namespace Larder.Repository.Tests.Storage;

public sealed class ReadOnlyStorageTests
{
    [Fact]
    public async Task Everything_can_be_read_and_nothing_changed()
    {
        var none = TestContext.Current.CancellationToken;
        var inner = new MemoryStorage("shelf");
        var pack = new StorageKey(FileKind.Pack, Hash256.Of([7]));
        await inner.PutAsync(pack, new ReadOnlySequence<byte>([7]), none);
        var storage = new ReadOnlyStorage(inner);

        Assert.Equal([7], await storage.ReadAllAsync(pack, 10, none));
        await foreach (var file in storage.ListAsync(FileKind.Pack, none))
        {
            Assert.Equal(new StoredFile(pack, 1), file);
        }
        var put = await Assert.ThrowsAsync<RepositoryException>(() =>
            storage.PutAsync(StorageKey.Config, new ReadOnlySequence<byte>([1]), none));
        var delete = await Assert.ThrowsAsync<RepositoryException>(() => storage.DeleteAsync(pack, none));

        Assert.Equal(RepositoryError.ReadOnly, put.Error);
        Assert.Equal(RepositoryError.ReadOnly, delete.Error);
        Assert.Equal($"{pack} was not deleted: shelf was opened for reading only.", delete.Message);
        Assert.Equal(1, inner.Count);
    }
}
