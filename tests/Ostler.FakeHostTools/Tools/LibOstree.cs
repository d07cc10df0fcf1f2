using System.Runtime.InteropServices;

namespace Ostler.FakeHostTools.Tools;

/// <summary>
/// The one thing that bootc and rpm-ostree do through ostree's library and that its command line cannot do in all versions: to write the
/// list of deployments in another order.
/// </summary>
internal static partial class LibOstree
{
    private const string Library = "libostree-1.so.1";
    private const string GLib = "libglib-2.0.so.0";
    private const string GObject = "libgobject-2.0.so.0";

    /// <summary>Puts a deployment first. What is staged is dropped by it.</summary>
    public static unsafe void PutFirst(int index)
    {
        var sysroot = NewDefault();
        Check(Load(sysroot, 0, out var error), error);
        var list = (GPtrArray*)GetDeployments(sysroot);
        var ordered = NewPtrArray();
        AddToPtrArray(ordered, list->Data[index]);
        for (var i = 0; i < list->Length; i++)
        {
            if (i != index)
            {
                AddToPtrArray(ordered, list->Data[i]);
            }
        }

        Check(WriteDeployments(sysroot, ordered, 0, out error), error);
        Unref(sysroot);
    }

    private static unsafe void Check(int succeeded, nint error)
    {
        if (succeeded == 0)
        {
            throw new ToolException(Marshal.PtrToStringUTF8(((GError*)error)->Message) ?? "ostree failed");
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct GPtrArray
    {
        public nint* Data;
        public uint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct GError
    {
        public uint Domain;
        public int Code;
        public nint Message;
    }

    [LibraryImport(Library, EntryPoint = "ostree_sysroot_new_default")]
    private static partial nint NewDefault();

    [LibraryImport(Library, EntryPoint = "ostree_sysroot_load")]
    private static partial int Load(nint sysroot, nint cancellable, out nint error);

    [LibraryImport(Library, EntryPoint = "ostree_sysroot_get_deployments")]
    private static partial nint GetDeployments(nint sysroot);

    [LibraryImport(Library, EntryPoint = "ostree_sysroot_write_deployments")]
    private static partial int WriteDeployments(nint sysroot, nint deployments, nint cancellable, out nint error);

    [LibraryImport(GLib, EntryPoint = "g_ptr_array_new")]
    private static partial nint NewPtrArray();

    [LibraryImport(GLib, EntryPoint = "g_ptr_array_add")]
    private static partial void AddToPtrArray(nint array, nint item);

    [LibraryImport(GObject, EntryPoint = "g_object_unref")]
    private static partial void Unref(nint item);
}
