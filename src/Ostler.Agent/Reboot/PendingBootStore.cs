using System.Text.Json;
using Ostler.Agent.Host;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Reboot;

/// <summary>
/// Keeps the pending record on the host, in /var because /etc belongs to the single deployment and /run to the single boot.
/// </summary>
internal sealed class PendingBootStore(HostFiles files)
{
    public const string Path = "/var/lib/ostler/pending-boot.json";

    /// <summary>
    /// The record, or null. A damaged one counts as none: what the host has booted is the truth, the record only helps to explain it.
    /// </summary>
    public PendingBoot? Read() => RecordFile.Read(files, Path, HostJson.Default.PendingBoot);

    /// <summary>Writes the record; when this returns, a power cut does not lose it.</summary>
    public void Write(PendingBoot pending) => files.Write(Path, JsonSerializer.Serialize(pending, HostJson.Default.PendingBoot));

    public void Delete() => RecordFile.Delete(files, Path);
}
