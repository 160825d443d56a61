namespace Larder.Sources.Exchanges;

/// <summary>
/// The exchange of what stands at one target for what was restored beside it, and the way back. All that it needs is in the
/// <see cref="ExchangeRecord"/> it was made from, which is written to disk before anything is made: after a kill or a power cut another
/// process makes it again and goes on or back. So every operation may be repeated, and may find another one of them half done. Not safe
/// for concurrent use. All of them fail with <see cref="SourceException"/>.
/// </summary>
public interface IExchange
{
    /// <summary>Looks where things are. Changes nothing.</summary>
    Task<ExchangeState> LookAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Makes what was restored live and keeps what stood there under <see cref="ExchangePart.Old"/>, durably. From
    /// <see cref="ExchangeState.Beside"/> or <see cref="ExchangeState.Between"/>; where it is done already, nothing happens. Where it fails
    /// it has put back what it could; <see cref="LookAsync"/> says how far it came.
    /// </summary>
    /// <param name="cancellationToken">Looked at until the first change.</param>
    Task ExchangeAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Makes live again what stood there before, durably; what was restored is kept beside, as before the exchange. From any state; where
    /// nothing was exchanged, nothing happens. Where nothing had stood there, nothing stands there afterwards.
    /// </summary>
    Task UndoAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Removes what is not live: after the exchange the old data, before it what was restored, finished or not. It cannot be undone. From
    /// any state but <see cref="ExchangeState.Between"/>; where nothing is left, nothing happens.
    /// </summary>
    Task ForgetAsync(CancellationToken cancellationToken);
}

/// <summary>Where things are.</summary>
public enum ExchangeState
{
    /// <summary>
    /// What stood there is live, and nothing whole lies beside it: the restore has not begun, has not ended, or was forgotten.
    /// </summary>
    Untouched,

    /// <summary>What stood there is live, and what was restored lies whole beside it.</summary>
    Beside,

    /// <summary>Some parts are exchanged and some are not. Only where the record is not <see cref="ExchangeRecord.IsAtomic"/>.</summary>
    Between,

    /// <summary>What was restored is live, and the old data is kept. Where nothing had stood there, there is none to keep.</summary>
    Exchanged,
}
