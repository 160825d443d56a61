namespace Larder.Sources.Tests.Files;

public sealed class FolderExchangeContractTests : ExchangeContract
{
    protected override Task<IExchangeSubject> MakeSubjectAsync() => Task.FromResult<IExchangeSubject>(new TreeSubject([("app", true)]));
}

public sealed class FileExchangeContractTests : ExchangeContract
{
    protected override Task<IExchangeSubject> MakeSubjectAsync() =>
        Task.FromResult<IExchangeSubject>(new TreeSubject([("app.conf", false)]));
}

public sealed class FolderExchangeByTwoRenamesContractTests : ExchangeContract
{
    protected override Task<IExchangeSubject> MakeSubjectAsync() =>
        Task.FromResult<IExchangeSubject>(new TreeSubject([("app", true)], canExchange: false));
}

public sealed class SeveralTreesExchangeContractTests : ExchangeContract
{
    protected override Task<IExchangeSubject> MakeSubjectAsync() =>
        Task.FromResult<IExchangeSubject>(new TreeSubject([("app", true), ("app.conf", false), ("Ümläut 日本", true)]));
}
