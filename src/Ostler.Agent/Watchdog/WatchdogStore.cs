using System.Text.Json;
using Ostler.Agent.Host;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Watchdog;

/// <summary>Keeps the watchdog's record, and keeps the agent and the watchdog from changing it at the same time.</summary>
internal sealed class WatchdogStore(HostFiles files)
{
    public const string Path = "/var/lib/ostler/watchdog.json";
    public const string LockPath = "/var/lib/ostler/watchdog.lock";

    /// <summary>The record; null when there is none, or none that this version understands. Nothing is ever done for such a one.</summary>
    public WatchdogRecord? Read() =>
        RecordFile.Read(files, Path, WatchdogJson.Default.WatchdogRecord) is { Format: WatchdogRecord.KnownFormat } record ? record : null;

    public bool Exists => files.Kind(Path) is HostFileKind.File or HostFileKind.Symlink;

    /// <summary>Writes the record; when this returns, a power cut does not lose it.</summary>
    public void Write(WatchdogRecord record) => files.Write(Path, JsonSerializer.Serialize(record, WatchdogJson.Default.WatchdogRecord));

    /// <summary>Disarms; when this returns, a power cut does not bring the record back.</summary>
    public void Delete() => RecordFile.Delete(files, Path);

    /// <summary>The right to change the record; null when somebody has it. The kernel takes it back from whoever dies.</summary>
    public IDisposable? TryLock() => files.TryLock(LockPath);

    public void DeleteLock() => files.Delete(LockPath);
}
