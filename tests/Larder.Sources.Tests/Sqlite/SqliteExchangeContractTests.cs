namespace Larder.Sources.Tests.Sqlite;

public sealed class SqliteJournalExchangeContractTests : ExchangeContract
{
    protected override Task<IExchangeSubject> MakeSubjectAsync() => Task.FromResult<IExchangeSubject>(new SqliteSubject("DELETE"));
}

public sealed class SqliteWalExchangeContractTests : ExchangeContract
{
    protected override Task<IExchangeSubject> MakeSubjectAsync() => Task.FromResult<IExchangeSubject>(new SqliteSubject("WAL"));
}
