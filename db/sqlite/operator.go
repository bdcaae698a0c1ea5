package sqlite

import (
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
)

func (t tx) PutOperator(o db.Operator) error {
	err := t.q.PutOperator(background(), gen.PutOperatorParams{
		Name: o.Name, Role: string(o.Role), TokenHash: o.TokenHash, CreatedAt: millis(o.CreatedAt), CreatedBy: o.CreatedBy,
		TokenAt: millis(o.TokenAt), ExpiresAt: millis(o.ExpiresAt), RemovedAt: millis(o.RemovedAt),
	})
	if err != nil {
		return fmt.Errorf("put operator %s: %w", o.Name, err)
	}
	return nil
}

func (t tx) Operator(name string) (db.Operator, error) {
	r, err := t.q.Operator(background(), name)
	if err != nil {
		return db.Operator{}, fmt.Errorf("operator %s: %w", name, found(err))
	}
	return operatorOf(r), nil
}

func (t tx) OperatorByToken(hash string) (db.Operator, error) {
	r, err := t.q.OperatorByToken(background(), hash)
	if err != nil {
		return db.Operator{}, fmt.Errorf("operator by token: %w", found(err))
	}
	return operatorOf(r), nil
}

func (t tx) ListOperators() ([]db.Operator, error) {
	rows, err := t.q.ListOperators(background())
	if err != nil {
		return nil, fmt.Errorf("list operators: %w", err)
	}
	return each(rows, operatorOf), nil
}

func operatorOf(r gen.Operator) db.Operator {
	return db.Operator{
		Name: r.Name, Role: db.Role(r.Role), TokenHash: r.TokenHash, CreatedAt: timeOf(r.CreatedAt), CreatedBy: r.CreatedBy,
		TokenAt: timeOf(r.TokenAt), ExpiresAt: timeOf(r.ExpiresAt), RemovedAt: timeOf(r.RemovedAt),
	}
}

func (t tx) AppendOperatorAct(a db.OperatorAct) error {
	err := t.q.AppendOperatorAct(background(), gen.AppendOperatorActParams{
		ID: a.ID, At: millis(a.At), MadeBy: a.By, Role: string(a.Role), Did: a.Did, Subject: a.On, Refused: a.Refused,
	})
	if err != nil {
		return fmt.Errorf("append act %s of operator %s: %w", a.ID, a.By, err)
	}
	return nil
}

func (t tx) ListOperatorActs(by string, since time.Time, max int) ([]db.OperatorAct, error) {
	rows, err := t.q.ListOperatorActs(background(), millis(since), by, int64(max))
	if err != nil {
		return nil, fmt.Errorf("list acts of operators: %w", err)
	}
	return each(rows, func(r gen.OperatorAct) db.OperatorAct {
		return db.OperatorAct{
			ID: r.ID, At: timeOf(r.At), By: r.MadeBy, Role: db.Role(r.Role), Did: r.Did, On: r.Subject, Refused: r.Refused,
		}
	}), nil
}
