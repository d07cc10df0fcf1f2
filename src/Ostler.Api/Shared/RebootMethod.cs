using System.Text.Json.Serialization;

namespace Ostler.Api.Shared;

/// <summary>How a node is rebooted.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RebootMethod>))]
public enum RebootMethod
{
    /// <summary>A full reboot, through firmware and boot loader.</summary>
    Reboot,

    /// <summary>
    /// A soft reboot where host and tree can: only user space is restarted, and the kernel stays. Else a full one, and the node's status.reboot says why. The node is drained
    /// either way, and goes back by a full reboot.
    /// </summary>
    Auto,

    /// <summary>Never a full reboot. Not supported: a node would be drained for a boot that its host then refuses. Use Auto.</summary>
    SoftReboot,
}
