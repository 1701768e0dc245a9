// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Ledger} from "Ledger.sol";

/// Honest, but like USDT: transfers and approvals return nothing, and an allowance must be set to zero before it is
/// set to another amount.
contract NoReturnToken is Ledger {
    constructor(string memory name_, string memory symbol_, uint256 supply) Ledger(name_, symbol_, supply) {}

    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external {
        _spend(from, amount);
        _move(from, to, amount);
    }

    function approve(address spender, uint256 amount) external {
        require(amount == 0 || allowance[msg.sender][spender] == 0, "reset the allowance first");
        _approve(spender, amount);
    }
}
