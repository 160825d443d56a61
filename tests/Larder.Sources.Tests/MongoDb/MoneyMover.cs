using Larder.Sources.MongoDb;

namespace Larder.Sources.Tests.MongoDb;

/// <summary>
/// Moves money between the accounts of two collections, each time in a transaction, until it is disposed. The sum is the same at every
/// moment.
/// </summary>
internal sealed class MoneyMover : IAsyncDisposable
{
    public const int Accounts = 2000;
    public const long Sum = 2L * Accounts * 1000;

    public static readonly string[] Collections = ["checking", "savings"];

    private readonly MongoShell shell;
    private readonly string database;
    private readonly Random random;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task moving;
    private volatile int moved;

    private MoneyMover(MongoShell shell, string database, Random random)
    {
        this.shell = shell;
        this.database = database;
        this.random = random;
        moving = Task.Run(MoveAsync);
    }

    /// <summary>How many transactions were committed.</summary>
    public int Moved => moved;

    public static async Task<MoneyMover> StartAsync(string url, string database, Random random)
    {
        var shell = await MongoShell.OpenAsync(url);
        await shell.DropAsync(database);
        foreach (var collection in Collections)
        {
            await shell.InsertAsync(database, collection, Accounts, (bson, at) =>
            {
                bson.Int32("_id", at);
                bson.Int64("balance", 1000);
                bson.Binary("padding", new byte[2000]); // Several batches, so that reading takes its time.
            });
        }
        return new MoneyMover(shell, database, random);
    }

    /// <summary>The sum of all balances in a dumped file.</summary>
    public static async Task<long> SumAsync(string file)
    {
        var sum = 0L;
        await using var stream = File.OpenRead(file);
        using var documents = new BsonStreamReader(stream);
        while (await documents.ReadAsync(TestContext.Current.CancellationToken))
        {
            sum += Bson.Find(documents.Current.Span, "balance").AsInt64();
        }
        return sum;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await moving; // A fault of the mover fails the test.
        await shell.DisposeAsync();
        stopping.Dispose();
    }

    private async Task MoveAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            var amount = random.Next(1, 500);
            var from = random.Next(2);
            await shell.Connection.StartTransactionAsync();
            await AddAsync(Collections[from], random.Next(Accounts), -amount);
            await AddAsync(Collections[1 - from], random.Next(Accounts), amount);
            await shell.Connection.CommitTransactionAsync();
            moved++;
        }
    }

    private Task AddAsync(string collection, int id, int amount)
    {
        var update = new BsonWriter();
        update.String("update", collection);
        update.StartArray("updates");
        update.StartDocument();
        update.StartDocument("q");
        update.Int32("_id", id);
        update.End();
        update.StartDocument("u");
        update.StartDocument("$inc");
        update.Int64("balance", amount);
        return shell.RunAsync(database, update);
    }
}
