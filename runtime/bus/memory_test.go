package bus_test

import (
	"testing"

	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/bus/bustest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	bustest.Exercise(t, func(*testing.T) bustest.Harness {
		b := bus.NewMemory(bus.MemoryOptions{})
		return bustest.Harness{
			Open:  func() bustest.Bus { b = b.Reopen(); return b },
			Small: func() bustest.Bus { return bus.NewMemory(bus.MemoryOptions{Limit: 20}) },
		}
	}, bustest.Features{FreesOnAck: true})
}
